/** Options of every validator here: the schemas are ours and tested; to check and to optimise them takes 50 ms of each start. */
export const AJV_OPTIONS = { meta: false, validateSchema: false, code: { optimize: false } } as const;
