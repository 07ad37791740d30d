/** `npm run bench`: how the service compares with the least that Node can do. See README.md, "Speed". */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { conclude, describeMachine, type Outcome, type Results, toMarkdown } from './report.ts';
import type { Figures, Part, Scale } from './scenario.ts';
import { PARTS } from './scenarios.ts';

const USAGE = `usage: npm run bench -- [--quick] [--only NAME]

Measures the service (the built one) against bench/floor.ts, a bare node:http server, and the bare openai client; takes
about three minutes, on loopback only. A whole run writes bench/results.json and the table in README.md. Ends with code 1 if
a mark is missed.

  --quick      all of it in 40 s, with less precision; writes nothing
  --only NAME  one part; writes nothing: ${PARTS.map(({ name }) => name).join(', ')}
`;

const FULL: Scale = { seconds: 1, rounds: 5, creates: 100_000, tickets: 1_000_000 };
const QUICK: Scale = { seconds: 0.3, rounds: 2, creates: 20_000, tickets: 100_000 };

const RESULTS = new URL('results.json', import.meta.url);
const README = new URL('../README.md', import.meta.url);

async function bench({ quick, only }: { quick?: boolean; only?: string }): Promise<void> {
  const parts = PARTS.filter(({ name }) => only === undefined || name === only);
  if (parts.length === 0) {
    process.stderr.write(`there is no part called ${only}\n\n${USAGE}`);
    process.exit(2);
  }
  const outcomes: Outcome[] = [];
  for (const [i, part] of parts.entries()) {
    process.stderr.write(`${i + 1}/${parts.length} ${part.name} `);
    outcomes.push(await take(part, quick ? QUICK : FULL));
    process.stderr.write('\n');
  }
  const results: Results = { machine: describeMachine(), parts: outcomes };
  process.stdout.write(`${toMarkdown(results)}\n`);
  if (!quick && !only) save(results);
  if (outcomes.some(({ marks }) => marks.some(({ isReached }) => !isReached))) process.exitCode = 1;
}

/** All rounds of a part: in each, its subjects in turn. */
async function take(part: Part, scale: Scale): Promise<Outcome> {
  const { subjects, close } = await part.open(scale);
  const { warmUps = 2, rounds: count = scale.rounds } = part;
  const rounds: Record<string, Figures>[] = [];
  for (let round = 0; round < warmUps + count; round += 1) {
    const figures: Record<string, Figures> = {};
    for (const [name, subject] of Object.entries(subjects)) figures[name] = await subject();
    rounds.push(figures);
    process.stderr.write('.');
  }
  await close();
  return conclude(part, rounds.slice(warmUps));
}

function save(results: Results): void {
  writeFileSync(RESULTS, `${JSON.stringify(results, undefined, 2)}\n`);
  const [before, , after] = readFileSync(README, 'utf8').split(/<!-- \/?bench -->/);
  writeFileSync(README, `${before}<!-- bench -->\n${toMarkdown(results)}\n<!-- /bench -->${after}`);
}

function readArguments() {
  try {
    return parseArgs({ options: { quick: { type: 'boolean' }, only: { type: 'string' }, help: { type: 'boolean' } } })
      .values;
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${USAGE}`);
    process.exit(2);
  }
}

const values = readArguments();
if (values.help) process.stdout.write(USAGE);
else await bench(values);
