package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"net/http"
	"net/url"
	"time"
)

// node is what a Node says that matters here.
type node struct {
	podRange string
	address  string
}

// As the API has it.
type nodeObject struct {
	Metadata struct{ Name, ResourceVersion string }
	Spec     struct{ PodCIDR string }
	Status   struct {
		Addresses []struct{ Type, Address string }
	}
}

func (object nodeObject) node() node {
	for _, address := range object.Status.Addresses {
		if address.Type == "InternalIP" {
			return node{object.Spec.PodCIDR, address.Address}
		}
	}
	return node{podRange: object.Spec.PodCIDR}
}

// watch sends all nodes, by name, and again whenever one of them has changed. It begins anew after whatever goes wrong.
func watch(ctx context.Context, seen chan<- map[string]node) {
	said := ""
	for ctx.Err() == nil {
		if err := follow(ctx, seen); err != nil && err.Error() != said {
			said = err.Error()
			log.Print("asking again: ", said)
		}
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
		}
	}
}

// follow lists the nodes and then watches them, as long as the server lets it.
func follow(ctx context.Context, seen chan<- map[string]node) error {
	var list struct {
		Metadata struct{ ResourceVersion string }
		Items    []nodeObject
	}
	body, err := get(ctx, "/api/v1/nodes", nil)
	if err != nil {
		return err
	}
	err = json.NewDecoder(body).Decode(&list)
	body.Close()
	if err != nil {
		return err
	}
	nodes := map[string]node{}
	for _, object := range list.Items {
		nodes[object.Metadata.Name] = object.node()
	}
	seen <- maps.Clone(nodes)

	body, err = get(ctx, "/api/v1/nodes", url.Values{"watch": {"1"}, "timeoutSeconds": {"300"}, "resourceVersion": {list.Metadata.ResourceVersion}})
	if err != nil {
		return err
	}
	defer body.Close()
	events := json.NewDecoder(body)
	for {
		var event struct {
			Type   string
			Object json.RawMessage
		}
		if err := events.Decode(&event); errors.Is(err, io.EOF) {
			return nil // Its time was up.
		} else if err != nil {
			return err
		}
		var object nodeObject
		switch event.Type {
		case "ADDED", "MODIFIED", "DELETED":
			if err := json.Unmarshal(event.Object, &object); err != nil {
				return err
			}
		default:
			return fmt.Errorf("the watch says %s: %.200s", event.Type, event.Object)
		}
		before, known := nodes[object.Metadata.Name]
		if event.Type == "DELETED" {
			delete(nodes, object.Metadata.Name)
		} else if now := object.node(); !known || now != before {
			nodes[object.Metadata.Name] = now
		} else {
			continue // A heartbeat.
		}
		seen <- maps.Clone(nodes)
	}
}

// get asks the API; the answer's body is the caller's to close.
func get(ctx context.Context, path string, query url.Values) (io.ReadCloser, error) {
	server, token, client, err := api()
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, server+path+"?"+query.Encode(), nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Accept", "application/json")
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		defer response.Body.Close()
		said, _ := io.ReadAll(io.LimitReader(response.Body, 300))
		return nil, fmt.Errorf("%s answers %s: %s", server, response.Status, said)
	}
	return response.Body, nil
}
