-- Which requests make sense for a SquareConnection now.
local suspended = obj.spec.suspend == true
local ending = obj.metadata.deletionTimestamp ~= nil
local reason = ""
if obj.status ~= nil and obj.status.conditions ~= nil then
  for _, condition in ipairs(obj.status.conditions) do
    if condition.type == "Ready" then
      reason = condition.reason
    end
  end
end
local personal = obj.spec.credential ~= nil and obj.spec.credential.personalAccessToken ~= nil
local held = obj.status ~= nil and obj.status.revision ~= nil
return {
  refresh = { disabled = ending or suspended or personal or not held },
  connect = { disabled = ending or suspended or personal },
  disconnect = { disabled = ending or suspended or personal or not held },
  adopt = { disabled = ending or suspended or (reason ~= "RetainedGrantFound" and reason ~= "GrantOutdated") },
  suspend = { disabled = ending or suspended },
  resume = { disabled = ending or not suspended },
}
