import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { openSqliteFile, openTestStorage } from '../../testing/database.ts';

describe('findById', () => {
  it('reports a missing table as an internal error', async () => {
    const { path, storage } = openTestStorage();
    openSqliteFile(path).exec('PRAGMA foreign_keys = OFF; DROP TABLE tickets');
    await expect(storage.tickets.findById(1)).rejects.toMatchObject({ code: 'SQLITE_ERROR' });
  });

  it('reports a closed database as an internal error', async () => {
    const { storage } = openTestStorage();
    storage.close();
    await expect(storage.tickets.findById(1)).rejects.toBeInstanceOf(TypeError);
  });
});

describe('countByStatus', () => {
  it('counts every status and caches the counts for 100 times as long as counting took', async () => {
    const { path, storage } = openTestStorage();
    const sqlite = openSqliteFile(path);
    const now = vi.spyOn(performance, 'now');
    onTestFinished(() => now.mockRestore());
    now.mockReturnValueOnce(1000).mockReturnValueOnce(1005);
    const empty = { new: 0, processing: 0, done: 0, failed: 0 };
    expect(await storage.tickets.countByStatus()).toEqual(empty);
    sqlite.exec("INSERT INTO tickets (source, raw_text, status) VALUES ('web', 'x', 'new'), ('web', 'y', 'failed')");
    now.mockReturnValueOnce(1499);
    expect(await storage.tickets.countByStatus()).toEqual(empty);
    now.mockReturnValueOnce(1500);
    expect(await storage.tickets.countByStatus()).toEqual({ new: 1, processing: 0, done: 0, failed: 1 });
  });
});
