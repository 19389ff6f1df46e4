// Command swarmspec prints, as JSON, what the libraries behind `docker stack deploy` make of compose files: the service
// specs, networks, secrets and configs that would be sent to the engine. It needs no engine and no network.
//
//	env -i A=1 swarmspec STACK compose.yml compose.more.yml
//
// Variables are taken from its own environment; relative paths are relative to the first file. If the loader or the converter
// refuses the files, it prints docker's own message and exits with 1.
package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/docker/cli/cli/compose/convert"
	"github.com/docker/cli/cli/compose/loader"
	"github.com/docker/cli/cli/compose/schema"
	composetypes "github.com/docker/cli/cli/compose/types"
	"github.com/docker/docker/api/types/swarm"
	"github.com/docker/docker/client"
)

// engine stands in for a Docker engine on which every secret and every config exists; its id is derived from its name.
type engine struct{ client.APIClient }

func (engine) ClientVersion() string { return "1.41" }

func (engine) SecretList(_ context.Context, o swarm.SecretListOptions) ([]swarm.Secret, error) {
	var found []swarm.Secret
	for _, name := range o.Filters.Get("name") {
		spec := swarm.SecretSpec{Annotations: swarm.Annotations{Name: name}}
		found = append(found, swarm.Secret{ID: "id-" + name, Spec: spec})
	}
	return found, nil
}

func (engine) ConfigList(_ context.Context, o swarm.ConfigListOptions) ([]swarm.Config, error) {
	var found []swarm.Config
	for _, name := range o.Filters.Get("name") {
		spec := swarm.ConfigSpec{Annotations: swarm.Annotations{Name: name}}
		found = append(found, swarm.Config{ID: "id-" + name, Spec: spec})
	}
	return found, nil
}

// file is a secret or a config: its content is a checksum, so that golden files are small and contain no secrets.
type file struct {
	Name     string
	Labels   map[string]string
	Driver   *swarm.Driver `json:",omitempty"`
	Template *swarm.Driver `json:",omitempty"`
	Sum      string
}

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: swarmspec STACK FILE…")
		os.Exit(2)
	}
	spec, err := read(os.Args[1], os.Args[2:])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	out := json.NewEncoder(os.Stdout)
	out.SetIndent("", "  ")
	out.SetEscapeHTML(false)
	if err := out.Encode(spec); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func read(stack string, names []string) (map[string]any, error) {
	details, err := load(names)
	if err != nil {
		return nil, err
	}
	config, err := loader.Load(details)
	if err != nil {
		return nil, err
	}
	namespace := convert.NewNamespace(stack)
	services, err := convert.Services(context.Background(), namespace, config, engine{})
	if err != nil {
		return nil, err
	}
	relative(services, details.WorkingDir)
	sortTargets(services)
	networks, external := convert.Networks(namespace, config.Networks, used(config.Services))
	sort.Strings(external)
	secrets, err := convert.Secrets(namespace, config.Secrets)
	if err != nil {
		return nil, err
	}
	configs, err := convert.Configs(namespace, config.Configs)
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"services": services, "networks": networks, "external_networks": external,
		"secrets": secretFiles(secrets), "configs": configFiles(configs),
	}, nil
}

// load reads the files as the docker client does: the folder and version of the first apply to all.
func load(names []string) (composetypes.ConfigDetails, error) {
	details := composetypes.ConfigDetails{Environment: map[string]string{}}
	for _, entry := range os.Environ() {
		key, value, _ := strings.Cut(entry, "=")
		details.Environment[key] = value
	}
	first, err := filepath.Abs(names[0])
	if err != nil {
		return details, err
	}
	details.WorkingDir = filepath.Dir(first)
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return details, err
		}
		dict, err := loader.ParseYAML(text)
		if err != nil {
			return details, err
		}
		details.ConfigFiles = append(details.ConfigFiles, composetypes.ConfigFile{Filename: name, Config: dict})
	}
	details.Version = schema.Version(details.ConfigFiles[0].Config)
	return details, nil
}

// used returns the networks of services; the client creates no others.
func used(services composetypes.Services) map[string]struct{} {
	names := map[string]struct{}{}
	for _, service := range services {
		if len(service.Networks) == 0 {
			names["default"] = struct{}{}
		}
		for name := range service.Networks {
			names[name] = struct{}{}
		}
	}
	return names
}

// relative removes this machine's folder from bind mounts.
func relative(services map[string]swarm.ServiceSpec, dir string) {
	for _, service := range services {
		mounts := service.TaskTemplate.ContainerSpec.Mounts
		for i := range mounts {
			if rest, ok := strings.CutPrefix(mounts[i].Source, dir); ok {
				mounts[i].Source = "DIR" + rest
			}
		}
	}
}

// sortTargets sorts the targets of a secret or config that is used several times; their order in the converter is random.
func sortTargets(services map[string]swarm.ServiceSpec) {
	for _, service := range services {
		spec := service.TaskTemplate.ContainerSpec
		sort.SliceStable(spec.Secrets, func(i, j int) bool {
			a, b := spec.Secrets[i], spec.Secrets[j]
			return a.SecretName < b.SecretName || a.SecretName == b.SecretName && a.File.Name < b.File.Name
		})
		sort.SliceStable(spec.Configs, func(i, j int) bool {
			a, b := spec.Configs[i], spec.Configs[j]
			both := a.ConfigName == b.ConfigName && a.File != nil && b.File != nil
			return a.ConfigName < b.ConfigName || both && a.File.Name < b.File.Name
		})
	}
}

func secretFiles(specs []swarm.SecretSpec) []file {
	files := []file{}
	for _, s := range specs {
		files = append(files, file{s.Name, s.Labels, s.Driver, s.Templating, sum(s.Data)})
	}
	return byName(files)
}

func configFiles(specs []swarm.ConfigSpec) []file {
	files := []file{}
	for _, c := range specs {
		files = append(files, file{c.Name, c.Labels, nil, c.Templating, sum(c.Data)})
	}
	return byName(files)
}

func byName(files []file) []file {
	sort.Slice(files, func(i, j int) bool { return files[i].Name < files[j].Name })
	return files
}

func sum(data []byte) string { return fmt.Sprintf("%x", sha256.Sum256(data))[:16] }
