/* Why a service could not be asked, and what to do about it: a certificate that is not trusted needs another remedy than nobody being there. */

export interface Unreachable {
  /** Short, for parentheses. */
  readonly cause: string;
  readonly remedy: string;
}

const UNTRUSTED = /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_)/;

/** `setting`: the variable that says where the service is. */
export function tellUnreachable(
  service: 'console' | 'intake',
  url: string,
  setting: string,
  error: unknown,
): Unreachable {
  const { cause, name } = error as Error & { readonly cause?: { readonly code?: string; readonly message?: string } };
  const code = cause?.code ?? cause?.message ?? name;
  if (UNTRUSTED.test(code)) {
    return {
      cause: `its certificate is not trusted: ${code}`,
      remedy:
        'SLUICE_CA_FILE names the certificate of who signed it (PEM); for one that is self-signed, that certificate itself.',
    };
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return {
      cause: `its certificate is for another name: ${code}`,
      remedy: `Use a name in ${setting} that is in the certificate.`,
    };
  }
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
    return {
      cause: `its certificate is not valid now: ${code}`,
      remedy: 'Renew it, and look at the clocks of both machines.',
    };
  }
  if (url.startsWith('https:') && /WRONG_VERSION_NUMBER|EPROTO|PACKET_LENGTH_TOO_LONG/.test(code)) {
    return { cause: `it does not speak TLS: ${code}`, remedy: `If it is plain http, write http:// in ${setting}.` };
  }
  if (url.startsWith('http:') && /^(ECONNRESET|UND_ERR_SOCKET|HPE_)/.test(code)) {
    return { cause: `the connection broke: ${code}`, remedy: `If it has a certificate, write https:// in ${setting}.` };
  }
  const late = name === 'TimeoutError' ? 'no answer in time' : code;
  return { cause: late, remedy: `It runs under \`npm start\` or \`npx sluice ${service}\`; ${setting} says where.` };
}
