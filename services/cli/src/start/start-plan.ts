/** What `npm start` is about to do. Made by plan-start.ts from options and environment; tests make their own. */
export interface StartPlan {
  readonly dataDir: string;
  readonly redis: RedisPlan;
  /** At most one emulator, one intake, one console. */
  readonly services: readonly ServicePlan[];
  /** Graph is the emulator among the services. */
  readonly emulated: boolean;
  readonly producer: ProducerPlan | null;
  /** End when the producer's activities are delivered. */
  readonly exits: boolean;
  /** What the services log is shown on the terminal too. */
  readonly logsShown: boolean;
  readonly shutdownMs: number;
  /** The connection of the example that is printed. */
  readonly exampleConnection: string;
  /** Who asks has to show a key. */
  readonly keyed: boolean;
}

export type RedisPlan =
  | { readonly kind: 'embedded'; readonly port: number }
  | { readonly kind: 'given'; readonly url: string };

export type ServiceRole = 'emulator' | 'intake' | 'worker' | 'console';

export interface ServicePlan {
  readonly name: string;
  readonly role: ServiceRole;
  readonly entryFile: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** What moves the port. */
  readonly portSetting: string;
}

export interface ProducerPlan {
  readonly kind: 'git';
  readonly path: string;
}

export interface StartRefusal {
  readonly refusal: string;
  readonly exitCode: number;
}
