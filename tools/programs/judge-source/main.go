// What programs of a cluster's owner make of an object: one JSON question a line on the standard input, one JSON answer
// a line on the standard output.
//
//	{"ask":"kstatus","object":{…}}                → {"status":"Current","message":"…"}
//	{"ask":"lua","script":"…","object":{…}}       → {"result":…}, run as Argo CD runs it
//	{"ask":"monitoring","object":{…}}             → {} or {"error":"…"}: whether the Prometheus operator's types know each field
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	lua "github.com/yuin/gopher-lua"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	luajson "layeh.com/gopher-json"
	"sigs.k8s.io/cli-utils/pkg/kstatus/status"
	"sigs.k8s.io/yaml"
)

type question struct {
	Ask    string          `json:"ask"`
	Script string          `json:"script"`
	Object json.RawMessage `json:"object"`
}

type answer struct {
	Status  string `json:"status,omitempty"`
	Message string `json:"message,omitempty"`
	Result  any    `json:"result,omitempty"`
	Error   string `json:"error,omitempty"`
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 64<<20)
	out := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var asked question
		given, err := answer{}, json.Unmarshal(lines.Bytes(), &asked)
		if err == nil {
			given, err = reply(asked)
		}
		if err != nil {
			given = answer{Error: err.Error()}
		}
		if err := out.Encode(given); err != nil {
			panic(err)
		}
	}
	if err := lines.Err(); err != nil {
		panic(err)
	}
}

func reply(asked question) (answer, error) {
	switch asked.Ask {
	case "kstatus":
		var object unstructured.Unstructured
		if err := object.UnmarshalJSON(asked.Object); err != nil {
			return answer{}, err
		}
		found, err := status.Compute(&object)
		if err != nil {
			return answer{}, err
		}
		return answer{Status: string(found.Status), Message: found.Message}, nil
	case "lua":
		result, err := run(asked.Script, asked.Object)
		return answer{Result: result}, err
	case "monitoring":
		return answer{}, known(asked.Object)
	}
	return answer{}, fmt.Errorf("nobody knows how to ask %q", asked.Ask)
}

// What Argo CD opens unless it is told to open all: the base and table libraries, and of os the time. No strings.
func run(script string, object []byte) (any, error) {
	state := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer state.Close()
	for _, library := range []struct {
		name string
		open lua.LGFunction
	}{{lua.LoadLibName, lua.OpenPackage}, {lua.BaseLibName, lua.OpenBase}, {lua.TabLibName, lua.OpenTable}, {lua.OsLibName, openTime}} {
		if err := state.CallByParam(lua.P{Fn: state.NewFunction(library.open), Protect: true}, lua.LString(library.name)); err != nil {
			return nil, err
		}
	}
	value, err := luajson.Decode(state, object)
	if err != nil {
		return nil, err
	}
	state.SetGlobal("obj", value)
	if err := state.DoString(script); err != nil {
		return nil, err
	}
	encoded, err := luajson.Encode(state.Get(-1))
	if err != nil {
		return nil, err
	}
	var result any
	err = json.Unmarshal(encoded, &result)
	return result, err
}

func openTime(state *lua.LState) int {
	lua.OpenOs(state)
	all := state.Get(-1).(*lua.LTable)
	state.Pop(1)
	few := state.NewTable()
	for _, name := range []string{"time", "date"} {
		few.RawSetString(name, all.RawGetString(name))
	}
	state.SetGlobal(lua.OsLibName, few)
	state.Push(few)
	return 1
}

func known(object []byte) error {
	var header struct {
		Kind string `json:"kind"`
	}
	if err := json.Unmarshal(object, &header); err != nil {
		return err
	}
	kinds := map[string]any{
		"ServiceMonitor": &monitoring.ServiceMonitor{},
		"PodMonitor":     &monitoring.PodMonitor{},
		"PrometheusRule": &monitoring.PrometheusRule{},
	}
	kind, ok := kinds[header.Kind]
	if !ok {
		return fmt.Errorf("there is no type for %s", header.Kind)
	}
	return yaml.UnmarshalStrict(object, kind)
}
