/** Rejects credentials, which would be logged, and anything to which the API's paths cannot be appended. */
export function isBaseUrl(value: string): boolean {
  const url = parseHttpUrl(value);
  return url !== undefined && !/[?#]/.test(value) && !url.username && !url.password;
}

/** Removes the path of an API from a base URL, because the client appends it. Providers often document the whole URL. */
export const removeApiPath = (baseUrl: string): string =>
  baseUrl.replace(/\/+$/, '').replace(/\/(?:chat\/completions|responses)$/, '');

/** Accepts credentials. Only their encoding is checked: undici decodes them at the first call. */
export function isProxyUrl(value: string): boolean {
  const url = parseHttpUrl(value);
  return url?.pathname === '/' && !/[?#]/.test(value) && [url.username, url.password].every(isEncoded);
}

/** Returns a URL's scheme, host and port. */
export const removeCredentials = (url: string): string => new URL(url).origin;

function parseHttpUrl(value: string): URL | undefined {
  const url = URL.parse(value);
  return url && /^https?:$/.test(url.protocol) ? url : undefined;
}

/** Whether the percent-encoding of a text is valid. */
export const isEncoded = (text: string) => decode(text) !== undefined;

/** Returns the text, because the bundler drops a call of `decodeURIComponent` whose result is not used. */
function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined; // invalid percent-encoding
  }
}
