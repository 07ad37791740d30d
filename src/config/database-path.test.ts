import { describe, expect, it } from 'vitest';
import { parseDatabasePath } from './database-path.ts';

describe('parseDatabasePath', () => {
  it.each([
    ['./data/app.db', './data/app.db'],
    ['/var/lib/app.db', '/var/lib/app.db'],
    ['app.db', 'app.db'],
    ['file:./data/app.db', './data/app.db'],
    ['file:data/my%20app.db', 'data/my app.db'],
    ['file:/var/app.db', '/var/app.db'],
    ['file:///var/app.db', '/var/app.db'],
    ['sqlite:///./data/app.db', './data/app.db'],
    ['sqlite:///data/app.db', 'data/app.db'],
    ['sqlite:////var/app.db', '/var/app.db'],
    ['sqlite+pysqlite:///./data/app.db', './data/app.db'],
    ['sqlite+pysqlite:////var/app.db', '/var/app.db'],
    ['sqlite+pysqlite:///./data/app.db?check_same_thread=False', './data/app.db'],
  ])('reads %s as %s', (url, path) => {
    expect(parseDatabasePath(url)).toBe(path);
  });

  it.each([
    'postgresql://localhost/app',
    'sqlite://',
    'sqlite:///',
    'sqlite:///:memory:',
    ':memory:',
    'file::memory:',
    'file:app.db?mode=memory',
    'file://elsewhere/app.db',
    'file:%zz',
    '',
  ])('finds no file in "%s"', (url) => {
    expect(parseDatabasePath(url)).toBeUndefined();
  });
});
