import { afterAll, onTestFinished } from 'vitest';

/** Registers what has to be closed or removed. The last one registered comes first. */
export type CleanUp = (close: () => unknown) => void;

export const afterTest: CleanUp = (close) => onTestFinished(async () => void (await close()));

/** To be called in a `describe`: what all its tests share. */
export function afterAllTests(): CleanUp {
  const closers: (() => unknown)[] = [];
  afterAll(async () => {
    for (const close of closers.toReversed()) await close();
  });
  return (close) => void closers.push(close);
}
