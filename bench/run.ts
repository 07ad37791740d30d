/** `npm run bench`; see docs/benchmarks.md. */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { stopServers } from './processes.ts';
import { describeMachine, type Results, type ScenarioResult, summarize, toMarkdown } from './report.ts';
import type { Metrics, Scale, Scenario } from './scenario.ts';
import { SCENARIOS } from './scenarios.ts';
import { POSTGRES_SCENARIOS, stopPostgres } from './scenarios-postgres.ts';

const USAGE = `usage: npm run bench -- [--quick] [--only NAME] [--database sqlite|postgres]

Compares the built service with the baseline server (bench/baseline.ts) and the baseline client
(bench/baseline-client.ts). Takes about ten minutes. A full run writes bench/results.json and the tables in
docs/benchmarks.md. The exit code is 1 if a target is missed.

  --quick      takes about a minute, with shorter rounds and less data, and writes nothing
  --only NAME  runs one scenario and writes nothing; one of
               ${SCENARIOS.map(({ name }) => name).join(', ')}
               or for PostgreSQL
               ${POSTGRES_SCENARIOS.map(({ name }) => name).join(', ')}
  --database   postgres compares the service on PostgreSQL with bench/baseline-postgres.ts; default: sqlite
`;

const FULL: Scale = { seconds: 1, rounds: 5, creates: 100_000, tickets: 1_000_000, batch: 10_000 };
const QUICK: Scale = { seconds: 0.3, rounds: 2, creates: 20_000, tickets: 100_000, batch: 2000 };

const DOCUMENT = new URL('../docs/benchmarks.md', import.meta.url);

async function main(): Promise<void> {
  const { quick, only, help, database } = readArguments();
  if (help) {
    process.stdout.write(USAGE);
    return;
  }
  const isPostgres = database === 'postgres';
  const scenarios = (isPostgres ? POSTGRES_SCENARIOS : SCENARIOS).filter(
    ({ name }) => only === undefined || name === only,
  );
  if (scenarios.length === 0) exitWithUsage(`there is no scenario called ${only}`);
  const results: Results = { machine: describeMachine(), scenarios: [] };
  for (const [index, scenario] of scenarios.entries()) {
    process.stderr.write(`${index + 1}/${scenarios.length} ${scenario.name} `);
    results.scenarios.push(await runScenario(scenario, quick ? QUICK : FULL));
    process.stderr.write('\n');
  }
  await stopPostgres();
  process.stdout.write(`${toMarkdown(results)}\n`);
  if (!quick && !only) save(results, isPostgres ? 'postgres' : 'bench');
  if (results.scenarios.some(({ targets }) => targets.some(({ isMet }) => !isMet))) process.exitCode = 1;
}

function readArguments() {
  try {
    return parseArgs({
      options: {
        quick: { type: 'boolean' },
        only: { type: 'string' },
        database: { type: 'string' },
        help: { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    return exitWithUsage((error as Error).message);
  }
}

function exitWithUsage(message: string): never {
  process.stderr.write(`${message}\n\n${USAGE}`);
  process.exit(2);
}

async function runScenario(scenario: Scenario, scale: Scale): Promise<ScenarioResult> {
  const candidates = await scenario.setUp(scale);
  const { warmUpRounds = 2, rounds: countedRounds = scale.rounds } = scenario;
  const rounds: Record<string, Metrics>[] = [];
  for (let round = 0; round < warmUpRounds + countedRounds; round += 1) {
    const metrics: Record<string, Metrics> = {};
    for (const [name, measure] of Object.entries(candidates)) metrics[name] = await measure();
    rounds.push(metrics);
    process.stderr.write('.');
  }
  await stopServers();
  return summarize(scenario, rounds.slice(warmUpRounds));
}

/** @param section `bench` or `postgres`: the name of the file, and of the marks in the document */
function save(results: Results, section: string): void {
  const file = section === 'bench' ? 'results.json' : 'results-postgres.json';
  writeFileSync(new URL(file, import.meta.url), `${JSON.stringify(results, undefined, 2)}\n`);
  const [before, , after] = readFileSync(DOCUMENT, 'utf8').split(new RegExp(`<!-- /?${section} -->`));
  writeFileSync(DOCUMENT, `${before}<!-- ${section} -->\n${toMarkdown(results)}\n<!-- /${section} -->${after}`);
}

await main();
