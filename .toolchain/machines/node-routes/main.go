// node-routes is the pod network of the lab's machines: every node has a range of pod addresses of its own (Node.spec.podCIDR), and all
// nodes are neighbours in one network, so that a route to each other's range is all it takes. It
//
//   - writes the CNI configuration once its node has a range,
//   - keeps a route to every other node's range, by that node's address,
//   - keeps the rule that hides pods behind their node's address on the way out of the cluster.
//
// Nothing is taken back when it ends: a new version takes over while pods go on talking.
package main

import (
	"context"
	"log"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// What somebody else changed is put right after this time at the latest.
const again = 30 * time.Second

func main() {
	log.SetFlags(0)
	self := os.Getenv("NODE_NAME")
	if self == "" {
		log.Fatal("NODE_NAME is not set: want the name of the node this runs on")
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	seen := make(chan map[string]node)
	go watch(ctx, seen)
	keepUp(ctx, self, seen)
}

func keepUp(ctx context.Context, self string, seen <-chan map[string]node) {
	nodes := <-seen // Before that, what is not known would look like what has gone.
	said := ""
	for ctx.Err() == nil {
		own, others := ranges(self, nodes)
		err := putRight(own, others)
		if now := text(own, others, err); now != said {
			log.Print(now)
			said = now
		}
		select {
		case nodes = <-seen:
		case <-time.After(again):
		case <-ctx.Done():
		}
	}
}

func putRight(own string, others map[string]string) error {
	if own == "" {
		return nil // The controller manager has not given it one yet.
	}
	if err := keepRoutes(others); err != nil {
		return err
	}
	if err := hide(own, others); err != nil {
		return err
	}
	// Last: once it is there, pods start.
	return configurePods(own)
}
