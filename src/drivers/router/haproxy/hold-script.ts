import { awaitedLine } from './awaited-line.ts';

/** Rule 5.2: a request waits in the router for at most so long. */
export const holdLimitSeconds = 30;
/** How often it is told that somebody waits for what sleeps, so that whoever was not there to hear it hears it soon. */
const tellAgainMs = 250;
/** So few are looked after as often whether they are there or have left; beyond that, those who have left are found once a second. */
const fewWaiting = 40;

/**
 * The action `hold`: sets `txn.slot` to the route of the request's host as soon as that is no longer held or asleep, or leaves it when the
 * time is up. The map is the one that `set map` changes. The more requests wait, the less often each looks, so that thousands cost little.
 */
export function renderHoldScript(hostsMap: string, limitSeconds: number): string {
  return `local routes = Map.new("${hostsMap}", Map._str)
local waiting = 0
local told = {}

-- Whoever leaves takes the action with him, and nothing of it is run any more: what it held is collected, and tells.
local place = { __gc = function(mine) if mine.taken then waiting = waiting - 1 end end }
local collected = 0

local function collect(second)
  if waiting < ${fewWaiting} or second == collected then return end
  collected = second
  collectgarbage()
end

local function tell(host)
  local now = core.now()
  local ms = now.sec * 1000 + now.usec // 1000
  if math.abs(ms - (told[host] or 0)) < ${tellAgainMs} then return end
  told[host] = ms
  core.log(core.debug, ${awaitedLine})
end

core.register_action("hold", { "http-req" }, function(txn)
  local host = txn:get_var("txn.host")
  local deadline = core.now().sec + ${limitSeconds}
  local mine = setmetatable({ taken = true }, place)
  waiting = waiting + 1
  while true do
    local route = routes:lookup(host) or ""
    local asleep = string.find(route, ":a", 1, true)
    if not asleep and not string.find(route, ":h", 1, true) then
      txn:set_var("txn.slot", route)
      break
    end
    local second = core.now().sec
    if second >= deadline then break end
    collect(second)
    if asleep then tell(host) end
    core.msleep(math.min(500, 20 + waiting // 2))
  end
  mine.taken = false
  waiting = waiting - 1
end)
`;
}
