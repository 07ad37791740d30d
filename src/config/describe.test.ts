import { describe, expect, it } from 'vitest';
import { nonDefaultSettings, redactConfig } from './describe.ts';
import { loadConfig } from './load.ts';

const SECRET = 'sk-secret-0123456789';
const SECRETS = {
  DATABASE_URL: `postgresql://user:${SECRET}@db.local/tickets`,
  API_KEYS: `support:${SECRET}`,
  METRICS_KEY: `${SECRET}-metrics`,
  OPENAI_API_KEY: SECRET,
  OPENAI_EXTRA_BODY: `{"api_key":"${SECRET}"}`,
  HTTPS_PROXY: `http://user:${SECRET}@proxy.local:3128`,
  HTTP_PROXY: `http://${SECRET}@proxy.local`,
};

describe('redactConfig', () => {
  it('replaces secrets and keeps every setting', () => {
    const config = loadConfig({ ...SECRETS, PORT: '1' });
    const redacted = redactConfig(config);
    expect(Object.keys(redacted).sort()).toEqual(Object.keys(config).sort());
    expect(redacted).toMatchObject({
      API_KEYS: ['support'],
      METRICS_KEY: true,
      DATABASE_URL: 'postgresql://user@db.local/tickets',
      OPENAI_API_KEY: true,
      OPENAI_EXTRA_BODY: ['api_key'],
      HTTPS_PROXY: 'http://proxy.local:3128',
      HTTP_PROXY: 'http://proxy.local',
      PORT: 1,
    });
    expect(JSON.stringify(redacted)).not.toContain(SECRET);
  });
});

describe('nonDefaultSettings', () => {
  it('is empty for the defaults', () => {
    expect(nonDefaultSettings(loadConfig({}))).toEqual({});
    expect(nonDefaultSettings(loadConfig({ PORT: '8000', LOG_LEVEL: 'INFO' }))).toEqual({});
  });

  it('returns what differs, with secrets redacted', () => {
    expect(nonDefaultSettings(loadConfig({ ...SECRETS, PORT: '1', TRUST_PROXY: '127.0.0.1' }))).toEqual({
      PORT: 1,
      API_KEYS: ['support'],
      METRICS_KEY: true,
      DATABASE_URL: 'postgresql://user@db.local/tickets',
      TRUST_PROXY: ['127.0.0.1'],
      LLM_PROVIDER: 'openai',
      OPENAI_API_KEY: true,
      OPENAI_EXTRA_BODY: ['api_key'],
      HTTPS_PROXY: 'http://proxy.local:3128',
      HTTP_PROXY: 'http://proxy.local',
    });
  });
});
