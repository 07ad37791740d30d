import { describe, expect, it } from 'vitest';
import { findMisspelledSettings } from './misspelled.ts';
import { SETTING_NAMES } from './schema.ts';

/** Names of variables as they are set by a shell, a desktop, npm and common tools. */
const DEVELOPER_MACHINE = `
  BASE_URL COLORTERM DATABASE DBUS_SESSION_BUS_ADDRESS DISPLAY EDITOR GIT_EDITOR HOME HOSTNAME HOSTTYPE HTTP_PROXY
  INIT_CWD LANG LC_ALL LESSOPEN LOGNAME LS_COLORS MAIL NODE NODE_ENV NODE_OPTIONS NVM_BIN NVM_DIR OPENAI_ORG_ID
  OPENAI_ORGANIZATION OPENAI_PROJECT_ID OPENAI_LOG OPENAI_WEBHOOK_SECRET OLDPWD PATH PORTS POST PWD SHELL SHLVL
  SSH_AUTH_SOCK TERM TERM_PROGRAM TMPDIR USER VISUAL XDG_RUNTIME_DIR ZDOTDIR _ ALL_PROXY FTP_PROXY all_proxy
  ANTHROPIC_API_KEY GEMINI_API_KEY AZURE_OPENAI_API_KEY TEST_DATABASE_URL MAX_ATTEMPTS API_URL API_HOST
  npm_command npm_config_cache npm_config_local_prefix npm_config_noproxy npm_config_user_agent npm_execpath
  npm_lifecycle_event npm_lifecycle_script npm_package_json npm_package_name npm_package_version
`;

const GITHUB_ACTIONS = `
  ACTIONS_CACHE_URL ACTIONS_ID_TOKEN_REQUEST_URL ACTIONS_RUNTIME_TOKEN ACTIONS_RUNTIME_URL CI GITHUB_ACTION
  GITHUB_ACTIONS GITHUB_ACTOR GITHUB_API_URL GITHUB_BASE_REF GITHUB_ENV GITHUB_EVENT_NAME GITHUB_GRAPHQL_URL
  GITHUB_HEAD_REF GITHUB_JOB GITHUB_OUTPUT GITHUB_PATH GITHUB_REF GITHUB_REPOSITORY GITHUB_RUN_ATTEMPT
  GITHUB_RUN_ID GITHUB_SERVER_URL GITHUB_SHA GITHUB_STEP_SUMMARY GITHUB_TOKEN GITHUB_WORKFLOW GITHUB_WORKSPACE
  ImageOS ImageVersion JAVA_HOME PROCESSOR_COUNT RUNNER_ARCH RUNNER_DEBUG RUNNER_NAME RUNNER_OS RUNNER_TEMP
  RUNNER_TOOL_CACHE RUNNER_TRACKING_ID RUNNER_WORKSPACE
`;

/** Kubernetes sets these for every service in the namespace, here for services called tickets, database, openai and api. */
const KUBERNETES = [
  'KUBERNETES_SERVICE_HOST',
  'KUBERNETES_SERVICE_PORT_HTTPS',
  ...['TICKETS', 'DATABASE', 'OPENAI', 'OPENAI_API', 'API', 'METRICS', 'LLM', 'LOG'].flatMap((service) => [
    `${service}_PORT`,
    `${service}_PORT_8000_TCP`,
    `${service}_PORT_8000_TCP_ADDR`,
    `${service}_PORT_8000_TCP_PORT`,
    `${service}_PORT_8000_TCP_PROTO`,
    `${service}_SERVICE_HOST`,
    `${service}_SERVICE_PORT`,
    `${service}_SERVICE_PORT_HTTP`,
  ]),
].join(' ');

const environmentOf = (names: string) => Object.fromEntries((names.match(/\S+/g) ?? []).map((name) => [name, 'x']));

describe('findMisspelledSettings', () => {
  it.each([
    ['API_KEY', 'API_KEYS'],
    ['APIKEYS', 'API_KEYS'],
    ['API_KYES', 'API_KEYS'],
    ['api_keys', 'API_KEYS'],
    ['METRIC_KEY', 'METRICS_KEY'],
    ['RATE_LIMIT', 'RATE_LIMIT_PER_MINUTE'],
    ['RATE_LIMITS', 'RATE_LIMIT_PER_MINUTE'],
    ['RATE_LIMITS_PER_MINUTE', 'RATE_LIMIT_PER_MINUTE'],
    ['PROCESS_RATE_LIMIT', 'PROCESS_RATE_LIMIT_PER_MINUTE'],
    ['PROCESS_TIMEOUT', 'PROCESS_TIMEOUT_MS'],
    ['OPENAI_KEY', 'OPENAI_API_KEY'],
    ['OPENAI_API_KEYS', 'OPENAI_API_KEY'],
    ['OPENAI_URL', 'OPENAI_BASE_URL'],
    ['OPENAI_MODLE', 'OPENAI_MODEL'],
    ['LLM_CONCURRENCY', 'LLM_MAX_CONCURRENCY'],
    ['DATABASE_URI', 'DATABASE_URL'],
    ['LOGLEVEL', 'LOG_LEVEL'],
  ])('takes %s for %s', (name, setting) => {
    expect(findMisspelledSettings({ [name]: 'x' })).toEqual([{ name, setting }]);
  });

  it.each([
    ['the settings themselves', SETTING_NAMES.join(' ')],
    ["a developer's machine", DEVELOPER_MACHINE],
    ['GitHub Actions', GITHUB_ACTIONS],
    ['Kubernetes', KUBERNETES],
  ])('finds nothing in the environment of %s', (_name, names) => {
    expect(findMisspelledSettings(environmentOf(names))).toEqual([]);
  });

  it('finds nothing if the likely setting is set as well', () => {
    expect(findMisspelledSettings({ API_KEY: 'of another program', API_KEYS: 'x' })).toEqual([]);
  });
});
