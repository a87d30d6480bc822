-- told: what is kept of a call for people to look at: the last calls, and beside them the last that were not wholly delivered.
-- The lists are trimmed by whole nodes, so a little more than this is kept.
local CALLS_KEPT = 200
local function tell_call(base, streams, call)
  for _, stream in ipairs(streams) do
    redis.call('XADD', base .. stream, 'MAXLEN', '~', CALLS_KEPT, '*', 'lease', call.lease, 'item', call.item, 'at', call.at, 'stale', call.stale, 'told', call.told)
  end
end
local ALL_CALLS, FAILED_CALLS = { 'calls' }, { 'calls', 'errors' }
