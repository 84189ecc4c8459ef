// Speed of the decoder: one row of the comparison with llama.cpp's own benchmark program.
//
//   engine_bench --model M --test pp512|pp2048|tg64@0|tg64@4096|tg64@16384
//                [--threads N] [--reps N] [--attention auto|ggml|own] [--kv f16|q8]
//
// ppN: prefill of N tokens from an empty context. tgN@D: N tokens one by one behind D
// tokens, whose KV is filled with random values so that setting up costs nothing; what a
// token costs does not depend on them. Prints one JSON object; `samples` are
// tokens a second, one for each repetition.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "model/attention/kernel.h"
#include "model/decoder.h"

namespace leoam {
namespace {

struct Options {
  std::string model;
  std::string test = "tg64@0";
  int threads = 2;
  int repetitions = 3;
  Attention attention = Attention::kAuto;
  KvFormat kv = KvFormat::kF16;
};

struct Test {
  bool prefill = false;
  int tokens = 0;
  int depth = 0;
};

[[noreturn]] void Fail(const std::string& message) {
  std::fprintf(stderr, "engine_bench: %s\n", message.c_str());
  std::exit(1);
}

void Check(const Status& status) {
  if (!status.ok()) {
    Fail(status.message());
  }
}

Options ParseOptions(int argc, char** argv) {
  Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    const std::string value = argv[i + 1];
    if (name == "--model") {
      options.model = value;
    } else if (name == "--test") {
      options.test = value;
    } else if (name == "--threads") {
      options.threads = std::atoi(value.c_str());
    } else if (name == "--reps") {
      options.repetitions = std::max(1, std::atoi(value.c_str()));
    } else if (name == "--attention") {
      options.attention = value == "ggml"  ? Attention::kGgml
                          : value == "own" ? Attention::kOwn
                                           : Attention::kAuto;
    } else if (name == "--kv") {
      if (value != "f16" && value != "q8") {
        Fail("--kv is f16 or q8, not " + value);
      }
      options.kv = value == "q8" ? KvFormat::kQ8 : KvFormat::kF16;
    } else {
      Fail("unknown option " + name);
    }
  }
  if (options.model.empty()) {
    Fail("--model FILE is missing");
  }
  return options;
}

Test ParseTest(const std::string& name) {
  Test test;
  if (std::sscanf(name.c_str(), "pp%d", &test.tokens) == 1 && test.tokens > 0) {
    test.prefill = true;
    return test;
  }
  if (std::sscanf(name.c_str(), "tg%d@%d", &test.tokens, &test.depth) == 2 && test.tokens > 0 &&
      test.depth >= 0) {
    return test;
  }
  Fail("--test takes ppN or tgN@DEPTH, not " + name);
}

void FillRandomly(KvBuffer* kv, int tokens) {
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  constexpr size_t kStarts = 4099;  // prime, so that rows differ
  std::vector<float> some(kStarts + kv->shape().RowValues());
  for (float& value : some) {
    value = normal(random);
  }
  for (int layer = 0; layer < kv->shape().layers; ++layer) {
    for (int token = 0; token < tokens; ++token) {
      const float* row = some.data() + token * kv->shape().RowValues() % kStarts;
      kv->WriteKeys(layer, token, row);
      kv->WriteValues(layer, token, row);
    }
  }
}

// Tokens a second of one repetition.
double RunOnce(const Test& test, const Options& options, int vocabulary, Decoder* decoder,
               KvBuffer* kv) {
  std::mt19937 random(2);
  std::vector<Token> tokens(test.tokens);
  for (Token& token : tokens) {
    token = static_cast<Token>(random() % vocabulary);
  }
  std::vector<float> logits;
  const auto start = std::chrono::steady_clock::now();
  const int step = test.prefill ? kUbatchTokens : 1;
  for (int first = 0; first < test.tokens; first += step) {
    const int count = std::min(step, test.tokens - first);
    std::vector<int32_t> positions(count);
    std::iota(positions.begin(), positions.end(), test.depth + first);
    const int32_t last_row = count - 1;
    DecodeRequest request;
    request.tokens = std::span(tokens).subspan(first, count);
    request.positions = positions;
    request.kv = kv;
    request.logit_rows = {&last_row, 1};
    request.logits = &logits;
    request.attention = options.attention;
    Check(decoder->Run(request));
  }
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  return test.tokens / elapsed.count();
}

int Main(int argc, char** argv) {
  const Options options = ParseOptions(argc, argv);
  const Test test = ParseTest(options.test);
  const char* module_dir = std::getenv("LEOAM_MODULE_DIR");
  Result<const CpuBackend*> backend =
      LoadCpuBackend(module_dir == nullptr ? LEOAM_MODULE_DIR : module_dir);
  Check(backend.status());
  Result<std::unique_ptr<Model>> model = Model::Load(options.model, **backend, nullptr, nullptr);
  Check(model.status());
  Result<std::unique_ptr<Decoder>> decoder = Decoder::Create(**model, **backend, options.threads);
  Check(decoder.status());
  Result<std::unique_ptr<KvBuffer>> kv =
      (*decoder)->NewKvBuffer(test.depth + test.tokens, options.kv);
  Check(kv.status());
  FillRandomly(kv->get(), test.depth);

  const int vocabulary = (*model)->config().vocabulary;
  Test warm_up = test;
  warm_up.tokens = std::min(test.tokens, test.prefill ? kUbatchTokens : 4);
  RunOnce(warm_up, options, vocabulary, decoder->get(), kv->get());
  std::vector<double> rates;
  for (int i = 0; i < options.repetitions; ++i) {
    rates.push_back(RunOnce(test, options, vocabulary, decoder->get(), kv->get()));
  }
  std::string samples;
  for (double rate : rates) {
    samples += (samples.empty() ? "" : ", ") + std::to_string(rate);
  }
  std::printf(
      "{\"test\": \"%s\", \"threads\": %d, \"samples\": [%s], \"backend\": \"%s\", "
      "\"kernel\": \"%s\"}\n",
      options.test.c_str(), options.threads, samples.c_str(), (*backend)->variant.c_str(),
      BestAttentionKernel().name);
  return 0;
}

}  // namespace
}  // namespace leoam

int main(int argc, char** argv) { return leoam::Main(argc, argv); }
