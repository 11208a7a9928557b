/** What a key is derived for; a new purpose gets a key of its own. */
export type KeyPurpose = "signing-key-seal" | "refresh-token";

/**
 * A key of 256 bits for one purpose, derived from the internal key with HKDF-SHA256 (RFC 5869). It is never stored: what
 * the database holds is of no use to someone who has the database alone.
 */
export async function deriveKey(internalKey: string, purpose: KeyPurpose): Promise<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder();
  const master = await crypto.subtle.importKey("raw", encoder.encode(internalKey), "HKDF", false, [
    "deriveBits",
  ]);
  const info = encoder.encode(`flotilla/auth/${purpose}`);
  const bits = await crypto.subtle.deriveBits(
    { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(32), info },
    master,
    256,
  );
  return new Uint8Array(bits);
}
