#include "tiers/block_reads.h"

#include <gtest/gtest.h>

// Sanitizers take address space of their own for each thread.
#if defined(__linux__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define LEOAM_CAN_LIMIT_THREADS
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <system_error>
#endif

namespace leoam {
namespace {

#if defined(LEOAM_CAN_LIMIT_THREADS)

// Room for the stacks of a few threads, and no more.
void LeaveLittleAddressSpace() {
  uint64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  constexpr uint64_t kLeft = uint64_t{100} << 20;
  const uint64_t bytes = pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE)) + kLeft;
  const rlimit limit{bytes, bytes};
  setrlimit(RLIMIT_AS, &limit);
}

TEST(BlockReads, WhereTheSystemHasNoThreadMoreThoseThatHaveStartedEnd) {
  const pid_t child = fork();
  if (child == 0) {
    LeaveLittleAddressSpace();
    try {
      const BlockReads reads(/*threads=*/1000, /*bytes_per_second=*/0);
      std::_Exit(1);  // all of them have started
    } catch (const std::system_error&) {
      std::_Exit(0);
    }
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status)) << "ended by signal " << WTERMSIG(status);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

#endif

}  // namespace
}  // namespace leoam
