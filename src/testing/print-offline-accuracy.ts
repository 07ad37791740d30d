/** Prints how many labelled tickets get their category from the offline model: `npm run offline:accuracy`. */
import { createOfflineClient } from '../llm/offline/client.ts';
import { type Accuracy, LABELLED_SETS, measureAccuracy } from './offline-accuracy.ts';

const print = (name: string, { correct, total }: Accuracy) => {
  const percent = Math.round((100 * correct) / total);
  process.stdout.write(`${name.padEnd(20)}${String(correct).padStart(4)} of ${total} (${percent} %)\n`);
};

const client = createOfflineClient();
for (const set of LABELLED_SETS) {
  const { overall, perCategory } = await measureAccuracy(client, set);
  print(set, overall);
  for (const [category, accuracy] of perCategory) print(`  ${category}`, accuracy);
}
