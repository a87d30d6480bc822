declare module 'cli-progress' {
  interface BarOptions {
    readonly format: string;
    readonly barsize: number;
    readonly stream: { write(text: string): boolean };
    readonly fps: number;
    readonly hideCursor: boolean;
    readonly clearOnComplete: boolean;
    readonly linewrap: boolean;
  }
  interface Bar {
    start(total: number, value: number, fields: Readonly<Record<string, unknown>>): void;
    update(value: number, fields: Readonly<Record<string, unknown>>): void;
    stop(): void;
  }
  const cliProgress: {
    readonly SingleBar: new (options: BarOptions, preset: object) => Bar;
    readonly Presets: { readonly rect: object };
  };
  export = cliProgress;
}
