import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { CATEGORIES, ModelOutput } from '../schemas/result.ts';
import { temporaryFolder } from '../testing/folder.ts';
import { loadPrompt, PROMPTS_FOLDER } from './prompts.ts';

describe('loadPrompt', () => {
  it('reads the prompt from the folder of its version', () => {
    const folder = temporaryFolder();
    mkdirSync(`${folder}/v2`);
    writeFileSync(`${folder}/v2/ticket_process_system.txt`, 'Be kind.\n');
    expect(loadPrompt('v2', pathToFileURL(`${folder}/`))).toEqual({ version: 'v2', system: 'Be kind.' });
  });

  it('throws for a missing or empty prompt and lists the existing versions', () => {
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
});

describe.each(readdirSync(PROMPTS_FOLDER))('prompts/%s', (version) => {
  const { system } = loadPrompt(version);

  /** A line that begins with the word, perhaps after a list or heading mark. */
  const lineAbout = (word: string) => new RegExp(`^\\W*${RegExp.escape(word)}(?:\\W|$)`, 'm');

  it.each(Object.keys(ModelOutput.properties))('explains the field %s', (field) => {
    expect(system).toMatch(lineAbout(field));
  });

  it.each(CATEGORIES)('explains the category %s', (category) => {
    expect(system).toMatch(lineAbout(category));
  });
});
