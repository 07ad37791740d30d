import { mkdirSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { CATEGORIES } from '../schemas/result.ts';
import { temporaryFolder } from '../testing/folder.ts';
import { loadPrompt } from './prompts.ts';

test('the prompt of a version is read from its folder', () => {
  const folder = temporaryFolder();
  mkdirSync(`${folder}/v2`);
  writeFileSync(`${folder}/v2/ticket_process_system.txt`, 'Be kind.\n');
  expect(loadPrompt('v2', pathToFileURL(`${folder}/`))).toEqual({ version: 'v2', system: 'Be kind.' });
});

test('a missing or an empty prompt refuses the start and names those that are there', () => {
  const folder = temporaryFolder();
  mkdirSync(`${folder}/v1`);
  expect(() => loadPrompt('v9', pathToFileURL(`${folder}/`))).toThrow(
    'PROMPT_VERSION: prompts/v9/ticket_process_system.txt is missing or empty; the folder prompts/ has: v1',
  );
  mkdirSync(`${folder}/v2/ticket_process_system.txt`, { recursive: true });
  expect(() => loadPrompt('v2', pathToFileURL(`${folder}/`))).toThrow('is missing or empty');
  writeFileSync(`${folder}/v1/ticket_process_system.txt`, ' \n');
  expect(() => loadPrompt('v1', pathToFileURL(`${folder}/`))).toThrow('is missing or empty');
});

test('the prompt v1 explains every field and every category that the schema has', () => {
  const { system } = loadPrompt('v1');
  for (const word of ['summary', 'category', 'reply_draft', ...CATEGORIES.map((name) => `\n- ${name}: `)]) {
    expect(system).toContain(word);
  }
});
