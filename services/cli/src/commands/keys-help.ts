/* Apart from the command itself, which is loaded only when it is used. */
export const KEYS_HELP = `sluice keys VERB [options]

Who may ask the intake and the console. The keys lie in a file, as hashes; services read it again when it changes.

  keys create --name CLIENT --scope ingest[,read,operate] --connections a,b|*
              [--requests-per-second N] [--activities-per-second N] [--no-receipts]
                     makes a key and prints it, once: it cannot be shown again
  keys list          a table, without the keys
  keys revoke ID     ends one key; or CLIENT, when it has one, or all of its keys with --all

  --scope        ingest: send activities. read: look. operate: pause, resume, forget, replay, discard, erase
  --connections  where the key may be used; "*" (in quotes) is everywhere
  --requests-per-second N, --activities-per-second N
                 what the key may send through all intakes together; more is answered 429
  --no-receipts  its requests get no receipt: fewer bytes in Redis, and receiptId is null
  --file PATH    the file of keys (SLUICE_API_KEYS_FILE, else keys.json in SLUICE_DATA_DIR)
  --json         one object on stdout

A client has at most two keys, so that it goes from one to the next without a gap: create, hand over, revoke the old one.
`;
