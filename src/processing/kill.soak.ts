import { describe, it } from 'vitest';
import { killUnderLoad } from '../testing/kill-under-load.ts';
import { STORAGES } from '../testing/storages.ts';

describe.each(STORAGES)('three servers on one database ($name)', (storage) => {
  it('lose no acknowledged ticket in 100 kills under load, and leave every status true', () =>
    killUnderLoad(storage, { servers: 3, kills: 100, clients: 8 }));
});
