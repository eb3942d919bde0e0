if obj.metadata.annotations == nil then
  obj.metadata.annotations = {}
end
obj.metadata.annotations["square-operator.dev/disconnect-requested-at"] = os.date("!%Y-%m-%dT%XZ")
return obj
