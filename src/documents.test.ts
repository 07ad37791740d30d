import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { getTableColumns } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { ERROR_CODES } from './errors.ts';
import { ROOT } from './root.ts';
import { makeProblem, Problem } from './schemas/problem.ts';
import { Result } from './schemas/result.ts';
import { Run } from './schemas/run.ts';
import { Ticket } from './schemas/ticket.ts';
import { idempotencyKeys, results, runs, tickets, usageDaily } from './storage/sqlite/schema.ts';
import { startService } from './testing/service.ts';

const FILES = [...globSync('*.md', { cwd: ROOT }), ...globSync('docs/*.md', { cwd: ROOT })];
const read = (path: string) => readFileSync(new URL(path, ROOT), 'utf8');
const packageJson = JSON.parse(read('package.json'));

/** The text under a heading, to the next heading of the same or a higher level. */
function section(file: string, heading: string): string {
  const [, text = ''] = read(file).split(`\n${heading}\n`);
  const level = heading.indexOf(' ');
  return text.split(new RegExp(`^#{1,${level}} `, 'm'))[0] ?? '';
}

/** The code spans in a column of the tables in a text. */
const codeInColumn = (text: string, column: number) =>
  [...text.matchAll(/^\|.*\|$/gm)].flatMap(([row]) =>
    [...(row.split(' | ')[column] ?? '').matchAll(/`([^`]+)`/g)].map(([, code = '']) => code),
  );

describe('README.md', () => {
  it('has at most 900 words', () => {
    expect(read('README.md').split(/\s+/).filter(Boolean).length).toBeLessThanOrEqual(900);
  });

  it('repeats variables and defaults of docs/configuration.md', () => {
    const variables = (text: string) => [...text.matchAll(/^\| (`[A-Z_]+` \| [^|]+) \|/gm)].map(([, row]) => row);
    const documented = variables(section('docs/configuration.md', '## Variables'));
    expect(documented).toEqual(expect.arrayContaining(variables(section('README.md', '## Configuration'))));
  });

  it('lists scripts that package.json has', () => {
    const scripts = codeInColumn(section('README.md', '## Development'), 0).map((code) => code.split(' ').at(-1));
    expect(Object.keys(packageJson.scripts)).toEqual(expect.arrayContaining(scripts));
  });

  it('links every document', () => {
    const index = section('README.md', '## Documents');
    expect(FILES.filter((file) => file !== 'README.md' && !index.includes(`(${file})`))).toEqual([]);
  });
});

describe.each(FILES)('%s', (file) => {
  const prose = read(file)
    .replaceAll(/^ *```.*?^ *```$/gms, '')
    .replaceAll(/^- `.+`: `.+`$/gm, ''); // names of tests

  it('has no line of prose over 120 characters', () => {
    expect(prose.split('\n').filter((line) => line.length > 120 && !line.startsWith('|'))).toEqual([]);
  });

  it('has no broken links', () => {
    const targets = [...prose.matchAll(/\]\((?!https?:)([^)]+)\)/g)].map(([, target = '']) => target);
    expect(targets.filter((target) => !isTarget(dirname(file), target, file))).toEqual([]);
  });
});

function isTarget(folder: string, target: string, self: string): boolean {
  const [path, anchor] = target.split('#');
  const file = path ? join(folder, path) : self;
  if (!existsSync(new URL(file, ROOT))) return false;
  const headings = [...read(file).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, '')
      .replaceAll(' ', '-'),
  );
  return anchor === undefined || headings.includes(anchor);
}

describe('the tables of the documents', () => {
  it.each([
    ['README.md', '## Routes'],
    ['docs/api.md', '## Routes'],
  ])('name the routes that the server has: %s', async (file, heading) => {
    const { app } = await startService();
    const { paths } = (await app.inject('/openapi.json')).json();
    const operations = Object.entries<object>(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const undocumented = ['GET /openapi.json', 'GET /docs']; // they are not in the OpenAPI document
    const table = section(file, heading).split('\n### ')[0] ?? '';
    const routes = codeInColumn(table, 0);
    expect(routes.sort()).toEqual([...operations, ...undocumented].sort());
  });

  it.each([
    ['### Ticket', Ticket],
    ['### Result', Result],
    ['### Run', Run],
    ['## Errors', Problem],
  ])('name the fields of the schema: %s', (heading, schema) => {
    const [table = ''] = section('docs/api.md', heading).split('\n### ');
    expect(codeInColumn(table, 0).map((code) => code.replace(/^\| /, ''))).toEqual(Object.keys(schema.properties));
  });

  it('name every error code with its status', () => {
    const rows = [...section('docs/api.md', '### Error codes').matchAll(/^\| (\d+) \| `(\w+)`/gm)];
    const documented = Object.fromEntries(rows.map(([, status, code = '']) => [code, Number(status)]));
    const statuses = ERROR_CODES.map((code) => [code, makeProblem('', code, '').status]);
    expect(documented).toEqual(Object.fromEntries(statuses));
  });

  it('name every metric of the service', async () => {
    const { app } = await startService({ dailyBudgetUsd: 1 });
    const metrics = [...(await app.inject('/metrics')).body.matchAll(/^# TYPE (\S+)/gm)].map(([, name = '']) => name);
    const own = metrics.filter((name) => !/^(?:process|nodejs)_/.test(name));
    expect(codeInColumn(section('docs/operations.md', '## Metrics'), 0).sort()).toEqual(own.sort());
  });
});

describe('the data model in docs/architecture.md', () => {
  it.each(Object.entries({ tickets, results, runs, usage_daily: usageDaily, idempotency_keys: idempotencyKeys }))(
    'has the columns of %s',
    (name, table) => {
      const model = section('docs/architecture.md', '## Data model');
      const [, body = ''] = new RegExp(`^    ${name} \\{\n(.*?)^    \\}`, 'ms').exec(model) ?? [];
      const columns = [...body.matchAll(/^ +\w+ (\w+)/gm)].map(([, column]) => column);
      expect(columns).toEqual(Object.keys(getTableColumns(table)));
    },
  );
});
