// web-server is what tests run as pods: a page that says who served it, and an end as a good service has it. Told to end, it says that it
// is not ready, serves on for a while (whoever routes to it has to hear of it first), and then lets what is under way finish.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"
)

func main() {
	listen := flag.String("listen", ":8080", "address and port")
	drain := flag.Duration("drain", 15*time.Second, "how long it serves on after it was told to end")
	flag.Parse()

	host, _ := os.Hostname()
	var ending atomic.Bool
	pages := http.NewServeMux()
	pages.HandleFunc("/readyz", func(w http.ResponseWriter, _ *http.Request) {
		if ending.Load() {
			http.Error(w, "ending", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	})
	pages.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "host %s\nnode %s\nasked by %s for %s\n", host, os.Getenv("NODE_NAME"), r.RemoteAddr, r.URL.Path)
	})

	server := &http.Server{Addr: *listen, Handler: pages, ReadHeaderTimeout: 10 * time.Second}
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGTERM, syscall.SIGINT)
	finished := make(chan struct{})
	go func() {
		<-told
		ending.Store(true)
		// Each client takes up a connection elsewhere by itself.
		server.SetKeepAlivesEnabled(false)
		time.Sleep(*drain)
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := server.Shutdown(ctx); err != nil {
			log.Print(err)
		}
		close(finished)
	}()
	if err := server.ListenAndServe(); err != http.ErrServerClosed {
		log.Fatal(err)
	}
	<-finished
}
