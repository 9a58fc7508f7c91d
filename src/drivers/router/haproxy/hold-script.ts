/** Rule 5.2: a request waits in the router for at most so long. */
export const holdLimitSeconds = 30;

/**
 * The action `hold`: sets `txn.slot` to the route of the request's host as soon as that is no longer held, or leaves it when the time is
 * up. The map is the one that `set map` changes. The more requests wait, the less often each looks, so that thousands cost little.
 */
export function renderHoldScript(hostsMap: string, limitSeconds: number): string {
  return `local routes = Map.new("${hostsMap}", Map._str)
local waiting = 0

core.register_action("hold", { "http-req" }, function(txn)
  local host = txn:get_var("txn.host")
  local deadline = core.now().sec + ${limitSeconds}
  waiting = waiting + 1
  while true do
    local route = routes:lookup(host) or ""
    if not string.find(route, ":h", 1, true) then
      txn:set_var("txn.slot", route)
      break
    end
    if core.now().sec >= deadline then break end
    core.msleep(math.min(500, 20 + waiting // 2))
  end
  waiting = waiting - 1
end)
`;
}
