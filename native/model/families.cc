// The model families that the decoder knows.
#include "model/model.h"

namespace leoam {
namespace {

constexpr Family kFamilies[] = {
    // architecture, rope, bias on q k v, norm of each head's q and k
    {"llama", RopeKind::kNormal, false, false},
    {"qwen2", RopeKind::kNeox, true, false},
    {"qwen3", RopeKind::kNeox, false, true},
};

}  // namespace

const Family* FindFamily(const std::string& architecture) {
  for (const Family& family : kFamilies) {
    if (architecture == family.architecture) {
      return &family;
    }
  }
  return nullptr;
}

}  // namespace leoam
