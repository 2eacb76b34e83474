// Who is who among the persons that facts speak of: "my sister's name is Clara" makes Clara the sister, and
// "Clara's husband is called Martin" makes Martin the brother-in-law. So "what does my sister do" finds what
// was told of Clara. Thread safety: none for learn; const afterwards.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

namespace coda::memory {

class Kin {
  public:
    // True where it told who someone is.
    bool learn(const std::string& fact);
    // To be called after the last learn: draws what follows ("my wife's mother" is the mother-in-law).
    void settle();

    // `question` as it is, and with names in the place of "my sister"; at most `most`.
    std::vector<std::string> variants(const std::string& question, size_t most) const;
    // Persons spoken of, by name in lower case where it is known, else "role:sister".
    std::set<std::string> persons(const std::string& text) const;

  private:
    struct Relation {
        std::string of, role, name;
    };
    void add(const std::string& name, const std::string& role);

    std::map<std::string, std::set<std::string>> roles_;  // by name, lower case
    std::map<std::string, std::set<std::string>> names_;  // by role
    std::map<std::string, std::string> spelled_;          // a name in lower case -> as it was told
    std::vector<Relation> relations_;
};

}  // namespace coda::memory
