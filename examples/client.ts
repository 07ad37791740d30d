/** Creates a ticket, processes it and prints the result: `node examples/client.ts [URL]`. */
import createClient from 'openapi-fetch';
import type { paths } from './api.d.ts';

const baseUrl = process.argv[2] ?? 'http://127.0.0.1:8000';
const client = createClient<paths>({ baseUrl }); // with API keys: headers: { 'X-API-Key': key }

const created = await client.POST('/tickets', {
  body: { raw_text: 'I cannot login to my account. Please help.', source: 'email' },
});
if (!created.data) throw new Error(created.error.detail);

const { data: result, error } = await client.POST('/tickets/{id}/process', {
  params: { path: { id: created.data.id } },
});
if (!result) throw new Error(`${error.code}: ${error.detail}`);
process.stdout.write(`${result.category}: ${result.summary}\n`);
