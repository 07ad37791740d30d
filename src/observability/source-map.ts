import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { fileURLToPath } from 'node:url';

/** The bundle that this file is part of; when the sources run, there is no map beside it. */
const BUNDLE = fileURLToPath(import.meta.url);
const PLACE = new RegExp(`${RegExp.escape(BUNDLE)}:(\\d+):(\\d+)`, 'g');
let map: SourceMap | undefined;

/** A stack trace with the lines of the sources instead of the bundle's. (Node's own way reads the map at each start.) */
export function applySourceMap(stack: string): string {
  if (!stack.includes(`${BUNDLE}:`)) return stack;
  const sourceMap = readMap();
  if (!sourceMap) return stack;
  return stack.replaceAll(PLACE, (place, line, column) => {
    const origin = sourceMap.findOrigin(Number(line), Number(column));
    return 'fileName' in origin ? `${withoutDots(origin.fileName)}:${origin.lineNumber}:${origin.columnNumber}` : place;
  });
}

const withoutDots = (path: string) => path.replace(/^(?:\.\.\/)+/, '');

function readMap(): SourceMap | undefined {
  try {
    map ??= new SourceMap(JSON.parse(readFileSync(`${BUNDLE}.map`, 'utf8')));
  } catch {
    // a bundle without its map is no reason to lose an error
  }
  return map;
}
