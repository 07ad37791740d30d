import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { WriteStream } from 'node:tty';
import { stripVTControlCharacters } from 'node:util';
import { parseHTML } from 'linkedom';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { openUsageReader } from '../storage/open.ts';
import { openSqlite } from '../storage/sqlite/client.ts';
import type { UsageRepository } from '../storage/types.ts';
import { runBundledCommand, runCommand } from '../testing/command.ts';
import { createDatabaseFolder, openSqliteFile } from '../testing/database.ts';
import { makeClaimOptions, makeNewResult, makeRunUsage } from '../testing/fixtures.ts';
import { temporaryFolder } from '../testing/folder.ts';
import { createPage } from './usage/page.ts';
import { readReport } from './usage/report.ts';
import { formatTable, type Output } from './usage/table.ts';

const RANGE = { from: '2026-02-01', to: '2026-02-05' };
const ARGUMENTS = ['--from', RANGE.from, '--to', RANGE.to];

interface TestRun {
  day: string;
  version?: string;
  cost?: number | null;
  latencyMs?: number;
  errorCode?: 'llm_timeout' | 'llm_refused';
}

const RUNS: TestRun[] = [
  { day: '2026-02-02', latencyMs: 800 },
  { day: '2026-02-02', latencyMs: 1900, cost: 0.5 },
  { day: '2026-02-02', errorCode: 'llm_timeout', cost: 0.25 },
  { day: '2026-02-04', version: 'v10', cost: 1.5 },
  { day: '2026-02-04', version: 'v2', errorCode: 'llm_refused', cost: null },
];

/** A folder with a database in which these runs have ended, one per ticket. */
async function createUsageFolder(runs: TestRun[]): Promise<string> {
  const folder = createDatabaseFolder(runs.length);
  const path = `${folder}/data/app.db`;
  const storage = openSqlite(path);
  const sqlite = openSqliteFile(path);
  for (const [index, { day, version = 'v1', cost = 0.0001, latencyMs = 900, errorCode }] of runs.entries()) {
    const ticketId = index + 1;
    const origin = { prompt_version: version, provider: 'openai', model: 'gpt-test' };
    await storage.runs.claimRun(ticketId, makeClaimOptions({ origin }));
    const usage = makeRunUsage({ cost_usd: cost });
    if (errorCode) {
      await storage.runs.failRun(ticketId, 1, { code: errorCode, message: 'It failed.' }, usage);
    } else {
      const result = makeNewResult({ ticket_id: ticketId, prompt_version: version, latency_ms: latencyMs });
      await storage.runs.completeRun(1, result, usage);
    }
    // SQLite's clock cannot be set.
    sqlite.prepare('UPDATE usage_daily SET day = ? WHERE day = date()').run(day);
  }
  await storage.close();
  return folder;
}

/** What a function reads of the folder's database. */
async function read<T>(folder: string, readUsage: (usage: UsageRepository) => Promise<T>): Promise<T> {
  const { usage, close } = await openUsageReader(`${folder}/data/app.db`);
  onTestFinished(close);
  return readUsage(usage);
}

describe('npm run usage', () => {
  it('prints a line per day from the first run on, and the total', async () => {
    const { code, stdout, stderr } = await runBundledCommand('usage', await createUsageFolder(RUNS), ARGUMENTS);
    expect(stdout.split('\n')).toEqual([
      'Runs from 2026-02-01 to 2026-02-05 (UTC)',
      '',
      'day         succeeded  failed  tokens   cost     p50     p95  cost',
      '2026-02-02          2       1     480  $0.75  800 ms   1.9 s  ###################',
      '2026-02-03          0       0       0      -       -       -',
      '2026-02-04          1       1     320  $1.50  900 ms  900 ms  ######################################',
      '2026-02-05          0       0       0      -       -       -',
      'total               3       2     800  $2.25  900 ms   1.9 s',
      '',
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('sorts prompt versions by number', async () => {
    const report = await read(await createUsageFolder(RUNS), (usage) => readReport(usage, RANGE, 'prompt_version'));
    expect(report.data.map(({ group }) => group)).toEqual(['v1', 'v2', 'v10']);
  });

  it('draws the number of runs where no cost is known', async () => {
    const folder = await createUsageFolder([{ day: '2026-02-02', cost: null }]);
    const report = await read(folder, (usage) => readReport(usage, RANGE, 'day'));
    expect(formatTable(report, new PassThrough())).toMatch(/p95 {2}runs\n2026-02-02 .* - .* #{39}\n/);
  });

  it('reports the last 30 days by default', async () => {
    const today = new Date().toISOString().slice(0, 10);
    const { stdout } = await runBundledCommand('usage', await createUsageFolder([{ day: today }]));
    const [, from = '', to = ''] = /^Runs from (.*) to (.*) \(UTC\)\n/.exec(stdout) ?? [];
    expect((Date.parse(to) - Date.parse(from)) / 86_400_000).toBe(29);
    expect(stdout).toMatch(/^total +1 /m);
  });

  it('reads a database that a server has open, and leaves it unchanged', async () => {
    const folder = await createUsageFolder(RUNS);
    const server = openSqliteFile(`${folder}/data/app.db`);
    server.exec("BEGIN IMMEDIATE; INSERT INTO tickets (source, raw_text) VALUES ('web', 'not committed')");
    const { code, stdout } = await runBundledCommand('usage', folder, ARGUMENTS);
    expect(stdout).toMatch(/^total +3 +2 /m);
    expect(code).toBe(0);
  });

  it.each(['', '--html'])('says that there are no runs %s', async (option) => {
    const folder = createDatabaseFolder(1);
    const { code, stdout } = await runBundledCommand(
      'usage',
      folder,
      option ? [...ARGUMENTS, option, 'page.html'] : ARGUMENTS,
    );
    const text = option ? readFileSync(`${folder}/page.html`, 'utf8') : stdout;
    expect(text).toMatch(
      option ? '<p>There are no runs.</p>' : /^There are no runs from 2026-02-01 to 2026-02-05\.\n$/,
    );
    expect(code).toBe(0);
  });

  it('prints its usage with --help', async () => {
    const stdout = expect.stringMatching(/^Usage: npm run usage -- /);
    expect(await runBundledCommand('usage', temporaryFolder(), ['--help'])).toEqual({ code: 0, stdout, stderr: '' });
  });

  it.each([
    ['a date that does not exist', ['--from', '2026-02-30'], '--from must be a date such as 2026-02-17'],
    ['an unknown group', ['--group-by', 'week'], '--group-by must be one of day, model, prompt_version,'],
    ['--html with --group-by', ['--html', 'a', '--group-by', 'day'], '--html and --group-by exclude each other'],
    ['no database', [], 'there is no database ./data/app.db'],
  ])('exits with 1 for %s', async (_name, args, message) => {
    const { code, stdout, stderr } = await runBundledCommand('usage', temporaryFolder(), args);
    expect(stderr.startsWith(`No report: ${message}`), stderr).toBe(true);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  });

  it('exits with 1 for the schema of an older version, and does not change it', async () => {
    const folder = createDatabaseFolder(1);
    const sqlite = openSqliteFile(`${folder}/data/app.db`);
    sqlite.exec('DROP TABLE usage_daily');
    const { code, stderr } = await runBundledCommand('usage', folder);
    expect(stderr).toContain('it has the schema of an older version: start the server once, which updates it');
    expect(code).toBe(1);
    expect(sqlite.prepare("SELECT count(*) FROM sqlite_schema WHERE name = 'usage_daily'").pluck().get()).toBe(0);
  });

  it('exits with 1 for a folder, and names it', async () => {
    const folder = temporaryFolder();
    mkdirSync(`${folder}/data/app.db`, { recursive: true });
    const { code, stderr } = await runBundledCommand('usage', folder);
    expect(stderr).toBe('No report: cannot read ./data/app.db: unable to open database file\n');
    expect(code).toBe(1);
  });

  it('exits with 1 for a file that is not a database', async () => {
    const folder = createDatabaseFolder(1);
    writeFileSync(`${folder}/data/app.db`, 'x'.repeat(5000));
    const { code, stderr } = await runBundledCommand('usage', folder);
    expect(stderr).toMatch(/^No report: cannot read \.\/data\/app\.db: it is not a SQLite database/);
    expect(code).toBe(1);
  });
});

describe('npm run usage -- --html FILE', () => {
  const createPageOf = async (folder: string) => {
    const html = await read(folder, (usage) => createPage(usage, RANGE));
    return { html, document: parseHTML(html).document };
  };

  async function writePage(folder: string, run = runBundledCommand) {
    writeFileSync(`${folder}/page.html`, 'an older report');
    const outcome = await run('usage', folder, [...ARGUMENTS, '--html', 'page.html']);
    expect(outcome).toEqual({ code: 0, stdout: 'Wrote page.html.\n', stderr: '' });
    const html = readFileSync(`${folder}/page.html`, 'utf8');
    return { html, document: parseHTML(html).document };
  }

  it('shows the figures of the report per day and per prompt version', async () => {
    const { document } = await createPageOf(await createUsageFolder(RUNS));
    const rows = [...document.querySelectorAll('tr')].map((row) => [...row.children].map((cell) => cell.textContent));
    const [day2, version10] = ['2026-02-02', 'v10'].map((name) => rows.find(([first]) => first === name));
    expect(day2).toEqual(['2026-02-02', '2', '1', '0', '0', '0', '360', '192', '120', '$0.75', '800 ms', '1.9 s']);
    expect(version10).toEqual(['v10', '1', '0', '0', '0', '0', '120', '64', '40', '$1.50', '900 ms', '900 ms']);
    const totals = rows.filter(([first]) => first === 'total').map((row) => row.slice(0, 3));
    expect(totals).toEqual(Array(2).fill(['total', '3', '2']));
  });

  it.each([
    ['from its sources', runCommand],
    ['as a bundle', runBundledCommand],
  ])('%s: draws eight charts, each with a title and a text for screen readers', async (_name, run) => {
    const { document } = await writePage(await createUsageFolder(RUNS), run);
    const figures = [...document.querySelectorAll('figure')];
    expect(figures.map((figure) => figure.querySelector('figcaption')?.textContent)).toEqual([
      'Cost per day (US dollars)',
      'Runs per day by status',
      'Failed runs per day by error code',
      'Latency of successful runs per day',
      'Cost per successful run (US dollars)',
      'Runs per prompt version by status',
      'Share of runs that failed',
      'Latency of successful runs',
    ]);
    for (const figure of figures) {
      const title = figure.querySelector('figcaption')?.textContent;
      expect(figure.querySelector('svg[role=img]')?.getAttribute('aria-label')).toMatch(`${title}. `);
    }
    const tips = [...document.querySelectorAll('svg title')].map(({ textContent }) => textContent);
    expect(tips).toEqual(expect.arrayContaining(['2026-02-02: 1 llm_timeout', '2026-02-04: 1 llm_refused']));
  });

  it('loads nothing', async () => {
    const { html, document } = await createPageOf(await createUsageFolder(RUNS));
    expect(document.querySelectorAll('script, link, img, iframe, object, embed, [src], [href]')).toHaveLength(0);
    expect(html).not.toMatch(/url\(|@import|https?:/);
  });

  it('escapes the names of prompt versions', async () => {
    const version = `<script>alert("1")</script>&`;
    const { document } = await createPageOf(await createUsageFolder([{ day: '2026-02-02', version }]));
    expect(document.querySelectorAll('script')).toHaveLength(0);
    expect([...document.querySelectorAll('th')].map(({ textContent }) => textContent)).toContain(version);
  });

  it.each([
    ['unknown', null, 'No cost is known.'],
    ['zero', 0, 'The runs cost nothing.'],
  ])('has a sentence instead of a chart if the cost is %s', async (_name, cost, sentence) => {
    const { document } = await createPageOf(await createUsageFolder([{ day: '2026-02-02', cost }]));
    const sentences = [...document.querySelectorAll('figure p')].map(({ textContent }) => textContent);
    expect(sentences).toEqual([sentence, 'No run has failed.', sentence, 'No run has failed.']);
  });

  it('exits with 1 if the file cannot be written', async () => {
    const { code, stderr } = await runBundledCommand('usage', await createUsageFolder(RUNS), [
      ...ARGUMENTS,
      '--html',
      'missing/a.html',
    ]);
    expect(stderr).toMatch(/^No report: ENOENT: no such file or directory, open 'missing\/a\.html'/);
    expect(code).toBe(1);
  });
});

describe('formatTable', () => {
  afterEach(() => vi.unstubAllEnvs());

  async function format(columns: number): Promise<string> {
    const report = await read(await createUsageFolder(RUNS), (usage) => readReport(usage, RANGE, 'day'));
    const { getColorDepth } = WriteStream.prototype;
    const terminal: Output = Object.assign(new PassThrough(), { isTTY: true, columns, getColorDepth });
    return formatTable(report, terminal);
  }
  const longestLine = (table: string) =>
    Math.max(
      ...stripVTControlCharacters(table)
        .split('\n')
        .map(({ length }) => length),
    );

  it.each([120, 80, 70])('fills a terminal of %d columns at most', async (columns) => {
    const table = await format(columns);
    expect(longestLine(table)).toBeLessThanOrEqual(columns);
    expect(table).toContain('█████');
  });

  it('has no bars if there is no room', async () => {
    expect(await format(60)).not.toContain('█');
  });

  it('has no colours with NO_COLOR', async () => {
    vi.stubEnv('FORCE_COLOR', '1');
    expect(stripVTControlCharacters(await format(80))).not.toBe(await format(80));
    vi.stubEnv('FORCE_COLOR', undefined);
    vi.stubEnv('NO_COLOR', '1');
    expect(stripVTControlCharacters(await format(80))).toBe(await format(80));
  });
});
