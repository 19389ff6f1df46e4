// Command options prints every option that Traefik reads from labels, and the kind of its value, one a line. It is built inside
// Traefik's own tree, whose types it looks at.
package main

import (
	"fmt"
	"reflect"
	"sort"
	"strings"

	"github.com/traefik/traefik/v3/pkg/config/dynamic"
)

func main() {
	rows := map[string]string{}
	walk(rows, "", reflect.TypeOf(dynamic.Configuration{}))
	var lines []string
	for path, kind := range rows {
		lines = append(lines, path+" "+kind)
	}
	sort.Strings(lines)
	fmt.Println(strings.Join(lines, "\n"))
}

// walk notes the fields of a type below a path. A `*` in a path is a name that the author chooses.
func walk(rows map[string]string, path string, typ reflect.Type) {
	for i := range typ.NumField() {
		field := typ.Field(i)
		if !field.IsExported() {
			continue
		}
		of := field.Type
		for of.Kind() == reflect.Pointer {
			of = of.Elem()
		}
		if field.Anonymous && of.Kind() == reflect.Struct {
			walk(rows, path, of)
			continue
		}
		name := strings.ToLower(field.Name)
		single := strings.ToLower(field.Tag.Get("label-slice-as-struct"))
		if single != "" {
			name, of = single, of.Elem()
		}
		note(rows, strings.TrimPrefix(path+"."+name, "."), of, field.Tag.Get("label"))
	}
}

func note(rows map[string]string, path string, of reflect.Type, tag string) {
	for of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	switch {
	case tag == "-":
		rows[path] = "ignored"
	case of.Kind() == reflect.Struct:
		rows[path] = "node"
		if tag == "allowEmpty" {
			rows[path] = "switch"
		}
		walk(rows, path, of)
	case of.Kind() == reflect.Map && of.Elem().Kind() == reflect.String:
		rows[path] = "texts"
	case of.Kind() == reflect.Map && (of.Elem().Kind() == reflect.Map || of.Elem().Kind() == reflect.Interface):
		rows[path] = "any"
	case of.Kind() == reflect.Map:
		rows[path] = "node"
		note(rows, path+".*", of.Elem(), "")
	case of.Kind() == reflect.Slice && (of.Elem().Kind() == reflect.Struct || of.Elem().Kind() == reflect.Pointer):
		rows[path] = "items"
		note(rows, path+".*", of.Elem(), "")
	case of.Kind() == reflect.Slice:
		rows[path] = "list"
	case strings.HasSuffix(of.String(), "Duration"):
		rows[path] = "time"
	default:
		rows[path] = kindOf(of.Kind())
	}
}

func kindOf(kind reflect.Kind) string {
	switch kind {
	case reflect.String:
		return "text"
	case reflect.Bool:
		return "flag"
	case reflect.Float32, reflect.Float64:
		return "float"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return "number"
	default:
		return kind.String()
	}
}
