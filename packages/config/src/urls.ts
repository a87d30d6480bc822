/* Addresses: which URLs are acceptable, and what "this machine" is. */
import { parseRedisAddress } from '@sluice/core';
import { bad, good, type Read } from './setting.ts';

/** 127.0.0.0/8, ::1 or localhost. */
export function isLoopback(host: string): boolean {
  const bare = host.startsWith('[') ? host.slice(1, -1) : host;
  return bare === '::1' || bare.toLowerCase() === 'localhost' || /^127(\.\d{1,3}){3}$/.test(bare);
}

export function readRedisUrl(text: string): Read<string> {
  return parseRedisAddress(text) === null ? bad() : good(text);
}

/** An absolute https URL, or http where `plainHttpAllowed` or the host is this machine; without slashes at its end. */
export function readHttpUrl(text: string, plainHttpAllowed: boolean): Read<string> {
  const url = parseUrl(text);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) return bad();
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    return bad('it must not carry credentials, a query or a fragment');
  }
  if (url.protocol === 'http:' && !plainHttpAllowed && !isLoopback(url.hostname)) {
    return bad(
      'plain http is allowed to this machine only, because what is secret would travel readable (SLUICE_ALLOW_INSECURE=1 allows it)',
    );
  }
  return good(url.href.replace(/\/+$/, ''));
}

/** Like readHttpUrl, but with its query: some services put a key there. */
export function readWebhookUrl(text: string, plainHttpAllowed: boolean): Read<string> {
  const url = parseUrl(text);
  if (url === null) return bad();
  const { search } = url;
  url.search = '';
  const read = readHttpUrl(url.href, plainHttpAllowed);
  return read.ok ? good(new URL(search, url).href) : read;
}

function parseUrl(text: string): URL | null {
  return URL.canParse(text) ? new URL(text) : null;
}
