/** Ajv options for every validator. The schemas are constants; checking and optimizing them would add 50 ms to each start. */
export const AJV_OPTIONS = { meta: false, validateSchema: false, code: { optimize: false } } as const;
