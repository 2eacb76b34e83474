// A reply's text, as it streams in, cut into clauses that can be spoken one by one: the first as early as it
// can be spoken well (a comma or a conjunction after enough words), the others whole sentences. Where the
// cuts fall does not depend on how the text was chunked; all clauses together are the text, but for blanks.
// Thread safety: belongs to one thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace coda::assistant {

class ClauseSplitter {
  public:
    static constexpr size_t kMaxClause = 400;  // bytes; a longer one is cut at a blank
    static constexpr int kFirstWords = 4;      // in a first clause that ends at a comma

    // The clauses that `text` completes.
    std::vector<std::string> feed(std::string_view text);
    // What is left at the end of the reply.
    std::vector<std::string> finish();
    // Bytes of the text that the clauses given out so far cover.
    size_t consumed() const { return consumed_; }

  private:
    void take(char c, std::vector<std::string>& out);
    void cut(size_t end, std::vector<std::string>& out);
    // Where the open text can be cut now that `next` is known to follow it; 0: nowhere.
    size_t boundary(char next) const;
    bool ends_sentence(size_t end) const;
    size_t first_clause_end(char next) const;

    std::string open_;
    size_t consumed_ = 0;
    bool first_ = true;
    bool in_code_ = false;
};

}  // namespace coda::assistant
