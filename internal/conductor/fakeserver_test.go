package conductor_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// conductorServer answers as a Conductor server does, as far as workers see it:
// queues by domain, being handed out as the only acknowledgement, leases, a new
// id for every retry, and silence about results that came too late.
type conductorServer struct {
	t       *testing.T
	url     string
	oldPoll bool          // answers 204 where there is nothing, as older servers do
	age     time.Duration // how long ago tasks began
	token   string        // asked for in X-Authorization; empty when no keys are needed

	mu      sync.Mutex
	changed chan struct{} // closed and made anew with every change
	tasks   map[string]*workItem
	order   []string
	defs    []map[string]any
	polls   int
	updates []map[string]any
}

// workItem is a task and what the server alone knows of it.
type workItem struct {
	wire     map[string]any
	domain   string
	attempts int // left
	extended int
}

func startConductor(t *testing.T) *conductorServer {
	s := &conductorServer{t: t, tasks: map[string]*workItem{}, changed: make(chan struct{})}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/token", s.grant)
	mux.HandleFunc("GET /api/tasks/poll/batch/{type}", s.guarded(s.poll))
	mux.HandleFunc("POST /api/tasks", s.guarded(s.update))
	mux.HandleFunc("GET /api/tasks/{id}", s.guarded(s.read))
	mux.HandleFunc("POST /api/metadata/taskdefs", s.guarded(s.define))
	listener := httptest.NewServer(mux)
	t.Cleanup(listener.Close)
	s.url = listener.URL + "/api"
	return s
}

func (s *conductorServer) grant(w http.ResponseWriter, r *http.Request) {
	var asked map[string]string
	if json.NewDecoder(r.Body).Decode(&asked) != nil || asked["keyId"] != "key" || asked["keySecret"] != "secret" {
		http.Error(w, "wrong key", http.StatusUnauthorized)
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]string{"token": s.token})
}

func (s *conductorServer) guarded(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if s.token != "" && r.Header.Get("X-Authorization") != s.token {
			http.Error(w, "no token", http.StatusUnauthorized)
			return
		}
		next(w, r)
	}
}

func (s *conductorServer) poll(w http.ResponseWriter, r *http.Request) {
	wait, _ := strconv.Atoi(r.FormValue("timeout"))
	count, _ := strconv.Atoi(r.FormValue("count"))
	if wait > 5000 {
		http.Error(w, "Long Poll Timeout value cannot be more than 5 seconds", http.StatusBadRequest)
		return
	}
	deadline := time.NewTimer(time.Duration(wait) * time.Millisecond)
	defer deadline.Stop()
	for {
		handed, changed := s.hand(r.PathValue("type"), r.FormValue("domain"), r.FormValue("workerid"), count)
		if len(handed) > 0 {
			_ = json.NewEncoder(w).Encode(handed)
			return
		}
		select {
		case <-changed:
		case <-r.Context().Done():
			return
		case <-deadline.C:
			if s.oldPoll {
				w.WriteHeader(http.StatusNoContent)
			} else {
				_, _ = w.Write([]byte("[]"))
			}
			return
		}
	}
}

// hand gives out what is scheduled.
func (s *conductorServer) hand(kind, domain, worker string, count int) ([]map[string]any, chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.polls++
	var handed []map[string]any
	for _, id := range s.order {
		item := s.tasks[id]
		if item.wire["taskType"] != kind || item.domain != domain || item.wire["status"] != "SCHEDULED" || len(handed) == count {
			continue
		}
		item.wire["status"], item.wire["workerId"] = "IN_PROGRESS", worker
		item.wire["pollCount"] = item.wire["pollCount"].(int) + 1
		handed = append(handed, copied(item.wire))
	}
	return handed, s.changed
}

func (s *conductorServer) update(w http.ResponseWriter, r *http.Request) {
	var told map[string]any
	if json.NewDecoder(r.Body).Decode(&told) != nil {
		http.Error(w, "no JSON", http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.updates = append(s.updates, told)
	id, _ := told["taskId"].(string)
	item := s.tasks[id]
	switch {
	case item == nil:
		http.Error(w, "no such task", http.StatusNotFound)
		return
	case isTerminal(item.wire["status"].(string)):
		// Accepted and ignored, as the real one does.
	case told["extendLease"] == true:
		item.extended++
	default:
		s.settle(item, told)
	}
	_, _ = w.Write([]byte(id))
	s.stir()
}

func (s *conductorServer) settle(item *workItem, told map[string]any) {
	item.wire["outputData"] = told["outputData"]
	item.wire["reasonForIncompletion"] = told["reasonForIncompletion"]
	status := told["status"].(string)
	if status == "IN_PROGRESS" {
		status = "SCHEDULED" // given back, not kept
	}
	item.wire["status"] = status
	if status == "FAILED" {
		s.retry(item)
	}
}

// retry schedules the task again under a new id, if attempts are left.
func (s *conductorServer) retry(item *workItem) {
	if item.attempts == 0 {
		return
	}
	next := copied(item.wire)
	delete(next, "outputData")
	next["taskId"] = fmt.Sprintf("task-%d", len(s.tasks)+1)
	next["retriedTaskId"], next["retryCount"] = item.wire["taskId"], item.wire["retryCount"].(int)+1
	next["status"], next["pollCount"] = "SCHEDULED", 0
	s.add(&workItem{wire: next, domain: item.domain, attempts: item.attempts - 1})
}

func (s *conductorServer) add(item *workItem) {
	id := item.wire["taskId"].(string)
	s.tasks[id] = item
	s.order = append(s.order, id)
}

func (s *conductorServer) read(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	item := s.tasks[r.PathValue("id")]
	if item == nil {
		http.Error(w, "no such task", http.StatusNotFound)
		return
	}
	_ = json.NewEncoder(w).Encode(item.wire)
}

func (s *conductorServer) define(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := json.NewDecoder(r.Body).Decode(&s.defs); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
	}
}

// schedule puts a task into a queue and returns its id.
func (s *conductorServer) schedule(kind, reference, domain string, retries int, input map[string]any) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := fmt.Sprintf("task-%d", len(s.tasks)+1)
	s.add(&workItem{domain: domain, attempts: retries, wire: map[string]any{
		"taskId": id, "workflowInstanceId": "workflow-1", "taskType": kind, "referenceTaskName": reference,
		"retryCount": 0, "pollCount": 0, "status": "SCHEDULED", "inputData": input, "responseTimeoutSeconds": 1,
		"startTime": time.Now().Add(-s.age).UnixMilli(),
	}})
	s.stir()
	return id
}

// expire makes a task's lease run out: it is given to whoever polls next.
func (s *conductorServer) expire(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	item := s.tasks[id]
	require.Equal(s.t, "IN_PROGRESS", item.wire["status"])
	item.wire["status"] = "TIMED_OUT"
	s.retry(item)
	s.stir()
}

// await waits until a task satisfies a condition and returns it.
func (s *conductorServer) await(id string, satisfied func(*workItem) bool) map[string]any {
	s.t.Helper()
	for limit := time.After(time.Minute); ; {
		s.mu.Lock()
		item, changed := s.tasks[id], s.changed
		if item != nil && satisfied(item) {
			defer s.mu.Unlock()
			return copied(item.wire)
		}
		s.mu.Unlock()
		select {
		case <-changed:
		case <-limit:
			s.t.Fatalf("task %s is not as awaited: %v", id, item)
		}
	}
}

func ended(item *workItem) bool { return isTerminal(item.wire["status"].(string)) }

func isTerminal(status string) bool {
	return strings.Contains("COMPLETED FAILED FAILED_WITH_TERMINAL_ERROR CANCELED TIMED_OUT", status)
}

// stir wakes all who wait for a change; the lock is held.
func (s *conductorServer) stir() {
	close(s.changed)
	s.changed = make(chan struct{})
}

func copied(m map[string]any) map[string]any {
	c := make(map[string]any, len(m))
	for k, v := range m {
		c[k] = v
	}
	return c
}
