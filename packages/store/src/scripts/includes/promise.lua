-- promise: by when somebody must call take. Kept in the shard's sorted set `wake`, written by scripts only.
-- The gate beside it says that an earlier take would be refused (or that a drain is running), so an earlier wake-up is useless.
local function promise_by(shard, connection, at)
  redis.call('ZADD', shard .. 'wake', at, connection)
end
-- Lowers the promise to `at`, not below the gate. Returns the time if somebody must be woken for it, else 0.
local function lower_promise(shard, connection, at, gate)
  if gate > at then at = gate end
  local promised = redis.call('ZSCORE', shard .. 'wake', connection)
  if promised and tonumber(promised) <= at then return 0 end
  promise_by(shard, connection, at)
  return at
end
