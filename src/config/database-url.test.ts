import { describe, expect, it } from 'vitest';
import { parseDatabaseUrl, redactDatabaseUrl } from './database-url.ts';

describe('parseDatabaseUrl', () => {
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
    expect(parseDatabaseUrl(url)).toBe(path);
  });

  it.each([
    'mysql://localhost/app',
    'sqlite://',
    'sqlite:///',
    'sqlite:///:memory:',
    ':memory:',
    'file::memory:',
    'file:app.db?mode=memory',
    'file://elsewhere/app.db',
    'file:%zz',
    '',
  ])('finds no database in "%s"', (url) => {
    expect(parseDatabaseUrl(url)).toBeUndefined();
  });

  it.each([
    ['postgres://localhost/app', 'postgres://localhost/app'],
    ['postgresql://u:p%40ss@[::1]:5433/app?sslmode=require', 'postgresql://u:p%40ss@[::1]:5433/app?sslmode=require'],
    ['postgresql+psycopg2://u@localhost/app', 'postgresql://u@localhost/app'],
    ['postgresql:///app?host=/var/run/postgresql', 'postgresql:///app?host=/var/run/postgresql'],
  ])('reads %s as %s', (url, expected) => {
    expect(parseDatabaseUrl(url)).toBe(expected);
  });

  it.each([
    ['no database', 'postgresql://localhost'],
    ['an unencoded # in the password', 'postgresql://u:12#3@localhost/app'],
    ['an unencoded / in the password', 'postgresql://u:12/3@localhost/app'],
    ['an unencoded ? in the password', 'postgresql://u:12?3@localhost/app'],
    ['a misspelt parameter', 'postgresql://localhost/app?ssl_mode=require'],
    ['an sslmode that may not encrypt', 'postgresql://localhost/app?sslmode=prefer'],
    ['verify-ca without an authority', 'postgresql://localhost/app?sslmode=verify-ca'],
    ['wrong percent-encoding', 'postgresql://u:%zz@localhost/app'],
  ])('refuses %s', (_, url) => {
    expect(parseDatabaseUrl(url)).toBeUndefined();
  });
});

describe('redactDatabaseUrl', () => {
  it.each([
    ['./data/app.db', './data/app.db'],
    ['postgresql://u:secret@localhost:5433/app?sslkey=/a', 'postgresql://u@localhost:5433/app'],
    ['postgres://localhost/app', 'postgres://localhost/app'],
  ])('logs %s as %s', (url, expected) => {
    expect(redactDatabaseUrl(url)).toBe(expected);
  });
});
