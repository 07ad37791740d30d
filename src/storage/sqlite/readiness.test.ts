import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openSqliteFile, openTestStorage } from '../../testing/database.ts';

const ticket = { raw_text: 'x', source: 'web' };

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => void vi.useRealTimers());

/** A storage whose last write failed because another process holds the lock. */
async function withFailedWrite() {
  const { path, storage } = openTestStorage();
  const other = openSqliteFile(path);
  other.exec('BEGIN IMMEDIATE');
  const write = storage.tickets.create(ticket);
  vi.advanceTimersByTime(2000);
  await expect(write).rejects.toMatchObject({ code: 'storage_unavailable', details: { causeCode: 'SQLITE_BUSY' } });
  other.exec('ROLLBACK');
  return storage;
}

describe('checkReadiness', () => {
  it('writes nothing', async () => {
    const { path, storage } = openTestStorage();
    const other = openSqliteFile(path);
    const version = () => other.pragma('data_version', { simple: true });
    const before = version();
    other.exec('BEGIN IMMEDIATE'); // a write would now fail
    expect(await storage.checkReadiness()).toBeUndefined();
    expect(version()).toBe(before);
  });

  it('reports database_read if a row cannot be read', async () => {
    const { path, storage } = openTestStorage();
    openSqliteFile(path).exec('PRAGMA foreign_keys = OFF; DROP TABLE tickets');
    expect(await storage.checkReadiness()).toBe('database_read');
  });

  it('reports database_write after a failed write, until a later one succeeds', async () => {
    const storage = await withFailedWrite();
    expect(await storage.checkReadiness()).toBe('database_write');
    await storage.tickets.create(ticket);
    expect(await storage.checkReadiness()).toBeUndefined();
  });

  it('forgets a failed write after 10 s, because a server without traffic writes nothing', async () => {
    const storage = await withFailedWrite();
    vi.advanceTimersByTime(9_999);
    expect(await storage.checkReadiness()).toBe('database_write');
    vi.advanceTimersByTime(1);
    expect(await storage.checkReadiness()).toBeUndefined();
  });

  it('ignores a write that failed for another reason than the storage', async () => {
    const { storage } = openTestStorage();
    await expect(storage.tickets.create({ raw_text: 'x', source: null as never })).rejects.toThrow('NOT NULL');
    expect(await storage.checkReadiness()).toBeUndefined();
  });
});
