package kube

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/kubernetes"
	"google.golang.org/grpc/codes"
)

// Listing is how objects are listed.
type Listing struct {
	// Limit is the number of keys a page; 0 for all at once.
	Limit int
	// KeysOnly leaves values out; Serializable asks the member alone. The API server does neither.
	KeysOnly, Serializable bool
}

// Page is one page of a list.
type Page struct {
	// Keys is how many objects the page has.
	Keys int
	// Revision is what every page of the list is read at.
	Revision int64
	// Continue is where the next page begins; empty after the last.
	Continue string
}

// Page reads one page of all objects: Range{prefix,limit} first, then
// Range{from-key,limit,rev} from where the last page ended.
func (s *Store) Page(ctx context.Context, l Listing, last Page) (Page, error) {
	if l.KeysOnly || l.Serializable {
		key, options := s.rangeOf(l, last)
		r, err := s.client.KV.Get(ctx, key, options...)
		if err != nil {
			return Page{}, err
		}
		return last.then(r), nil
	}
	r, err := s.client.Kubernetes.List(ctx, s.prefix, kubernetes.ListOptions{Limit: int64(l.Limit), Revision: last.Revision, Continue: last.Continue})
	if err != nil {
		return Page{}, err
	}
	p := Page{Keys: len(r.Kvs), Revision: last.Revision}
	if p.Revision == 0 {
		p.Revision = r.Revision
	}
	if n := len(r.Kvs); n > 0 && r.Count > int64(n) {
		p.Continue = string(r.Kvs[n-1].Key) + "\x00"
	}
	return p, nil
}

// Stream reads one page by RangeStream and calls chunk at each reply. An etcd
// that does not know it answers codes.Unimplemented.
func (s *Store) Stream(ctx context.Context, l Listing, last Page, chunk func()) (Page, error) {
	key, options := s.rangeOf(l, last)
	replies, err := s.client.KV.GetStream(ctx, key, options...)
	if err != nil {
		return Page{}, err
	}
	whole := &clientv3.GetResponse{}
	n := 0
	var failed error
	for r := range replies { // to its end, also after an error
		if err := r.Err(); err != nil {
			failed = err
			continue
		}
		chunk()
		n += len(r.RangeResponse.Kvs)
		if k := len(r.RangeResponse.Kvs); k > 0 {
			whole.Kvs = r.RangeResponse.Kvs[k-1:] // the last one tells where the next page begins
		}
		if r.RangeResponse.Header != nil {
			whole.Header, whole.Count = r.RangeResponse.Header, r.RangeResponse.Count
		}
	}
	if failed != nil {
		return Page{}, failed
	}
	p := last.then(whole)
	p.Keys = n
	if int64(n) >= whole.Count {
		p.Continue = ""
	}
	return p, nil
}

// Bootstrap reads all objects as an API server does to fill its cache, as long
// as there is a leader: see ReadAll. It returns the revision that they were read at.
func (s *Store) Bootstrap(ctx context.Context, chunk func()) (revision int64, err error) {
	return s.ReadAll(clientv3.WithRequireLeader(ctx), 0, 0, chunk)
}

// ReadAll reads all objects as an API server does, and calls chunk at each reply
// of a stream: RangeStream{prefix[,limit][,rev]} page by page, or where RangeStream
// is not to be had Range with FallbackPage. revision 0 is the present; it returns
// the one that all was read at.
func (s *Store) ReadAll(ctx context.Context, limit int, revision int64, chunk func()) (int64, error) {
	begin := Page{Revision: revision}
	if s.api.streams.known() {
		at, err := readPages(begin, func(page Page) (Page, error) { return s.Stream(ctx, Listing{Limit: limit}, page, chunk) })
		if Code(err) != codes.Unimplemented {
			return at, err
		}
		s.api.streams.refused()
	}
	return readPages(begin, func(page Page) (Page, error) { return s.Page(ctx, Listing{Limit: FallbackPage}, page) })
}

// readPages reads pages to the last, and returns the revision that they were read at.
func readPages(page Page, read func(Page) (Page, error)) (int64, error) {
	for {
		next, err := read(page)
		if page = next; err != nil || page.Continue == "" {
			return page.Revision, err
		}
	}
}

// streaming is whether etcd knows RangeStream. It may be shared by goroutines.
type streaming struct {
	never bool         // it is not to be used
	until atomic.Int64 // until when it is not asked for again, in Unix nanoseconds
}

// askAgainAfter is how long an API server takes an answer Unimplemented for granted.
const askAgainAfter = 10 * time.Minute

func (s *streaming) known() bool { return !s.never && time.Now().UnixNano() >= s.until.Load() }

func (s *streaming) refused() { s.until.Store(time.Now().Add(askAgainAfter).UnixNano()) }

// FallbackPage is how many objects the API server reads at a time where etcd does not know RangeStream.
const FallbackPage = 10_000

// rangeOf is the range of the next page.
func (s *Store) rangeOf(l Listing, last Page) (key string, options []clientv3.OpOption) {
	key = s.prefix
	if last.Continue != "" {
		key = last.Continue
	}
	options = append(options, clientv3.WithRange(clientv3.GetPrefixRangeEnd(s.prefix)))
	if l.Limit > 0 {
		options = append(options, clientv3.WithLimit(int64(l.Limit)))
	}
	if last.Revision > 0 {
		options = append(options, clientv3.WithRev(last.Revision))
	}
	if l.KeysOnly {
		options = append(options, clientv3.WithKeysOnly())
	}
	if l.Serializable {
		options = append(options, clientv3.WithSerializable())
	}
	return key, options
}

// then is the page that a reply brought after the last one.
func (p Page) then(r *clientv3.GetResponse) Page {
	next := Page{Keys: len(r.Kvs), Revision: p.Revision}
	if next.Revision == 0 && r.Header != nil {
		next.Revision = r.Header.Revision
	}
	if n := len(r.Kvs); n > 0 && r.Count > int64(n) {
		next.Continue = string(r.Kvs[n-1].Key) + "\x00"
	}
	return next
}

// Count is Range{prefix, count_only}.
func (s *Store) Count(ctx context.Context) (int64, error) {
	return s.client.Kubernetes.Count(ctx, s.prefix, kubernetes.CountOptions{})
}

// revisionsPage is how many keys Revisions asks for at once.
const revisionsPage = 10_000

// Revisions are those of the last change of all keys of the resource.
func (s *Store) Revisions(ctx context.Context) (map[string]int64, error) {
	all := map[string]int64{}
	end := clientv3.GetPrefixRangeEnd(s.prefix)
	for from := s.prefix; ; {
		r, err := s.client.Client.KV.Get(ctx, from, clientv3.WithRange(end), clientv3.WithKeysOnly(), clientv3.WithLimit(revisionsPage))
		if err != nil {
			return nil, fmt.Errorf("listing the keys below %s: %w", s.prefix, err)
		}
		for _, kv := range r.Kvs {
			all[string(kv.Key)] = kv.ModRevision
		}
		if !r.More {
			return all, nil
		}
		from = string(r.Kvs[len(r.Kvs)-1].Key) + "\x00"
	}
}
