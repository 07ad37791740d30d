import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { fileURLToPath } from 'node:url';

/** The bundle that contains this module. When the sources run, no map is beside it. */
const BUNDLE = fileURLToPath(import.meta.url);
const POSITION = new RegExp(`${RegExp.escape(BUNDLE)}:(\\d+):(\\d+)`, 'g');
let cachedMap: SourceMap | undefined;

/**
 * Replaces positions in the bundle by positions in the sources. Node's own `--enable-source-maps` would read the map at
 * every start; this reads it when the first stack is printed.
 */
export function applySourceMap(stack: string): string {
  if (!stack.includes(`${BUNDLE}:`)) return stack;
  const sourceMap = readSourceMap();
  if (!sourceMap) return stack;
  return stack.replaceAll(POSITION, (position, line, column) => {
    const origin = sourceMap.findOrigin(Number(line), Number(column));
    if (!('fileName' in origin)) return position;
    return `${origin.fileName.replace(/^(?:\.\.\/)+/, '')}:${origin.lineNumber}:${origin.columnNumber}`;
  });
}

/** Undefined if there is no map: the stack is then printed as it is. */
function readSourceMap(): SourceMap | undefined {
  try {
    cachedMap ??= new SourceMap(JSON.parse(readFileSync(`${BUNDLE}.map`, 'utf8')));
    return cachedMap;
  } catch {
    return undefined;
  }
}
