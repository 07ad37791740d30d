/** Options for every validator. The schemas are constants; checking and optimizing them adds 50 ms to each start. */
export const AJV_OPTIONS = { meta: false, validateSchema: false, code: { optimize: false } } as const;
