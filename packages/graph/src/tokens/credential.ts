/** Who asks for tokens. A managed identity is known to its machine, an application has to prove who it is. */
export type Credential = AppCredential | ManagedIdentity;

export interface AppCredential {
  readonly kind: 'app';
  readonly tenantId: string;
  readonly clientId: string;
  readonly proof: Proof;
}

export interface ManagedIdentity {
  readonly kind: 'managed-identity';
  /** Of a user-assigned identity; null: the system-assigned one. */
  readonly clientId: string | null;
}

/** Files are read anew for each token request, so that what is rotated is in force without a restart. */
export type Proof =
  | { readonly kind: 'secret'; readonly secret: string }
  | { readonly kind: 'secret-file'; readonly path: string }
  /** PEM: a certificate, the chain above it if there is one, and the private key. */
  | { readonly kind: 'certificate-file'; readonly path: string }
  /** Workload identity federation: a token that somebody else issued, such as Kubernetes. */
  | { readonly kind: 'assertion-file'; readonly path: string };
