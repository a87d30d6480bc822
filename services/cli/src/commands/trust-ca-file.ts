/* SLUICE_CA_FILE: whom to trust beside the usual authorities when intake and console are asked over https. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { EXIT_CONFIG, type World } from '../world.ts';
import { CommandFailed } from './command-failed.ts';

const CERTIFICATE = '-----BEGIN CERTIFICATE-----';

/** For this process, before anything is asked; again it changes nothing. */
export function trustCaFile({ env, cwd }: Pick<World, 'env' | 'cwd'>): void {
  const path = env['SLUICE_CA_FILE'];
  if (!path) return;
  let text: string;
  try {
    text = readFileSync(resolve(cwd, path), 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
    throw new CommandFailed(`SLUICE_CA_FILE names ${path}, which cannot be read (${code}).`, EXIT_CONFIG);
  }
  if (!text.includes(CERTIFICATE)) {
    throw new CommandFailed(
      `SLUICE_CA_FILE names ${path}, which holds no certificate (PEM, "${CERTIFICATE}").`,
      EXIT_CONFIG,
    );
  }
  const known = getCACertificates('default');
  if (!known.includes(text)) setDefaultCACertificates([...known, text]);
}
