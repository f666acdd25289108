// The contract's server (contract.mjs) on two libraries of Go: `<program> coder|gorilla <port>`.
package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime/debug"
	"sync"
	"syscall"

	coder "github.com/coder/websocket"
	gorilla "github.com/gorilla/websocket"
)

const maxMessageBytes = 16 * 1024 * 1024

// Listeners of /fan: each gets what the others send.
type room[Connection comparable] struct {
	mutex   sync.RWMutex
	members map[Connection]*sync.Mutex
}

func (r *room[Connection]) add(member Connection) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.members[member] = &sync.Mutex{}
}

func (r *room[Connection]) remove(member Connection) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	delete(r.members, member)
}

func (r *room[Connection]) others(member Connection, send func(Connection)) {
	r.mutex.RLock()
	defer r.mutex.RUnlock()
	for other, writing := range r.members {
		if other == member {
			continue
		}
		writing.Lock()
		send(other)
		writing.Unlock()
	}
}

func acceptCoder(w http.ResponseWriter, r *http.Request) *coder.Conn {
	connection, err := coder.Accept(w, r, &coder.AcceptOptions{
		CompressionMode:    coder.CompressionDisabled,
		InsecureSkipVerify: true,
	})
	if err != nil {
		return nil
	}
	connection.SetReadLimit(maxMessageBytes)
	return connection
}

func serveCoder(mux *http.ServeMux) {
	ctx := context.Background()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		connection := acceptCoder(w, r)
		if connection == nil {
			return
		}
		defer connection.CloseNow()
		for {
			kind, data, err := connection.Read(ctx)
			if err != nil || connection.Write(ctx, kind, data) != nil {
				return
			}
		}
	})
	fan := room[*coder.Conn]{members: map[*coder.Conn]*sync.Mutex{}}
	mux.HandleFunc("/fan", func(w http.ResponseWriter, r *http.Request) {
		connection := acceptCoder(w, r)
		if connection == nil {
			return
		}
		defer connection.CloseNow()
		fan.add(connection)
		defer fan.remove(connection)
		for {
			kind, data, err := connection.Read(ctx)
			if err != nil {
				return
			}
			fan.others(connection, func(other *coder.Conn) { _ = other.Write(ctx, kind, data) })
		}
	})
}

func serveGorilla(mux *http.ServeMux) {
	upgrader := gorilla.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		connection, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer connection.Close()
		connection.SetReadLimit(maxMessageBytes)
		for {
			kind, data, err := connection.ReadMessage()
			if err != nil || connection.WriteMessage(kind, data) != nil {
				return
			}
		}
	})
	fan := room[*gorilla.Conn]{members: map[*gorilla.Conn]*sync.Mutex{}}
	mux.HandleFunc("/fan", func(w http.ResponseWriter, r *http.Request) {
		connection, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer connection.Close()
		fan.add(connection)
		defer fan.remove(connection)
		for {
			kind, data, err := connection.ReadMessage()
			if err != nil {
				return
			}
			prepared, err := gorilla.NewPreparedMessage(kind, data)
			if err != nil {
				return
			}
			fan.others(connection, func(other *gorilla.Conn) { _ = other.WritePreparedMessage(prepared) })
		}
	})
}

func main() {
	mux := http.NewServeMux()
	if os.Args[1] == "coder" {
		serveCoder(mux)
	} else {
		serveGorilla(mux)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Args[2])
	if err != nil {
		panic(err)
	}
	obey()
	fmt.Printf("READY %d\n", listener.Addr().(*net.TCPAddr).Port)
	folder := os.Getenv("BENCH_TLS")
	server := &http.Server{Handler: mux}
	if folder == "" {
		err = server.Serve(listener)
	} else {
		err = server.ServeTLS(listener, folder+"/cert.pem", folder+"/key.pem")
	}
	panic(err)
}

// Collects garbage on SIGUSR2, and ends with the standard input.
func obey() {
	collect := make(chan os.Signal, 1)
	signal.Notify(collect, syscall.SIGUSR2)
	go func() {
		for range collect {
			debug.FreeOSMemory()
			fmt.Println("COLLECTED")
		}
	}()
	go func() {
		_, _ = io.Copy(io.Discard, bufio.NewReader(os.Stdin))
		os.Exit(0)
	}()
}
