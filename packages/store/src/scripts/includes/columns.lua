-- columns: reads and writes the fixed columns of an entry (packages/core/src/activity/entry.ts; Lua counts from 1).
-- An entry of a version that is not known here is written back as it was, and what cannot be read in it counts as 0: it must
-- hold nobody up, and whoever knows it must find it whole.
local VERSION = 'a'
local function is_known(entry) return string.sub(entry, 1, 1) == VERSION end
local DIGITS = '0123456789abcdefghijklmnopqrstuvwxyz'
local function base36(n, width)
  local text = ''
  for _ = 1, width do
    local digit = n % 36
    text = string.sub(DIGITS, digit + 1, digit + 1) .. text
    n = (n - digit) / 36
  end
  return text
end
local function pair_of(entry) return string.sub(entry, 2, 12) end
local function start_of(entry) return (tonumber(string.sub(entry, 3, 12), 36) or 0) - 62135596800000 end -- milliseconds since 1970
local function accepted_of(entry) return tonumber(string.sub(entry, 13, 21), 36) or 0 end
local function attempts_of(entry) return tonumber(string.sub(entry, 22, 23), 36) or 0 end
local function receipt_of(entry) return string.sub(entry, 33, 44) end
local function index_of(entry) return tonumber(string.sub(entry, 45, 49), 36) or 0 end
local function with_accepted(entry, column) return string.sub(entry, 1, 12) .. column .. string.sub(entry, 22) end
local function never_tried(entry)
  return is_known(entry) and string.sub(entry, 1, 21) .. '00000000000' .. string.sub(entry, 33) or entry
end
local function with_attempt(entry, awake)
  if not is_known(entry) then return entry end
  local first = string.sub(entry, 24, 32)
  if first == '000000000' then first = base36(awake, 9) end
  return string.sub(entry, 1, 21) .. base36(math.min(attempts_of(entry) + 1, 1295), 2) .. first .. string.sub(entry, 33)
end
