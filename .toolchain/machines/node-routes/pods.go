package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
)

const configuration = "/etc/cni/net.d/10-node-routes.conflist"

type object = map[string]any

// configurePods tells the container runtime how a pod gets its address. `ptp` rather than `bridge`: all traffic between pods passes the
// node's own routing, so that Services work between two pods of one node without the kernel's bridge filter.
func configurePods(own string) error {
	content, err := json.MarshalIndent(object{
		"cniVersion": "1.0.0",
		"name":       "node-routes",
		"plugins": []object{
			{
				"type": "ptp",
				"ipam": object{
					"type":   "host-local",
					"ranges": [][]object{{{"subnet": own}}},
					"routes": []object{{"dst": "0.0.0.0/0"}},
					// Gone after a reboot, like the pods that held the addresses.
					"dataDir": "/run/node-routes",
				},
			},
			{"type": "portmap", "capabilities": object{"portMappings": true}},
		},
	}, "", "  ")
	if err != nil {
		return err
	}
	content = append(content, '\n')
	if found, err := os.ReadFile(configuration); err == nil && bytes.Equal(found, content) {
		return nil
	}
	// Whole or not at all; the name with a dot is none that the runtime reads.
	next := filepath.Join(filepath.Dir(configuration), ".node-routes.new")
	if err := os.WriteFile(next, content, 0o644); err != nil {
		return err
	}
	return os.Rename(next, configuration)
}
