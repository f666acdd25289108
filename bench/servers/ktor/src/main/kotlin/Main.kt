// The contract's server (contract.mjs) on Ktor: `java Main cio|netty <port>`, written as its documentation writes an echo.

import io.ktor.server.application.install
import io.ktor.server.cio.CIO
import io.ktor.server.engine.ApplicationEngine
import io.ktor.server.engine.connector
import io.ktor.server.engine.embeddedServer
import io.ktor.server.engine.sslConnector
import io.ktor.server.netty.Netty
import io.ktor.server.routing.routing
import io.ktor.server.websocket.WebSockets
import io.ktor.server.websocket.webSocket
import io.ktor.websocket.DefaultWebSocketSession
import io.ktor.websocket.Frame
import io.ktor.websocket.WebSocketDeflateExtension
import java.io.FileInputStream
import java.security.KeyStore
import java.util.concurrent.ConcurrentHashMap
import kotlin.concurrent.thread
import kotlin.system.exitProcess
import kotlinx.coroutines.runBlocking
import sun.misc.Signal

private val listeners: MutableSet<DefaultWebSocketSession> = ConcurrentHashMap.newKeySet()

fun main(arguments: Array<String>) {
    val engine = if (arguments[0] == "cio") CIO else Netty
    val server = embeddedServer(engine, configure = { listen(arguments[1].toInt()) }) {
        install(WebSockets) {
            maxFrameSize = 16L * 1024 * 1024
            System.getenv("BENCH_DEFLATE")?.let { compress(fresh = it == "fresh") }
        }
        routing {
            webSocket("/") {
                for (frame in incoming) outgoing.send(copyOf(frame))
            }
            webSocket("/fan") {
                listeners += this
                try {
                    for (frame in incoming) {
                        for (other in listeners) if (other !== this) other.outgoing.trySend(copyOf(frame))
                    }
                } finally {
                    listeners -= this
                }
            }
        }
    }
    server.start(wait = false)
    val port = runBlocking { server.engine.resolvedConnectors().first().port }
    Signal.handle(Signal("USR2")) {
        System.gc()
        println("COLLECTED")
    }
    thread(isDaemon = true) {
        while (System.`in`.read() >= 0) Unit
        exitProcess(0)
    }
    println("READY $port")
    Thread.currentThread().join()
}

/** With TLS if `BENCH_TLS` names a folder with keys.p12: Netty alone has it, CIO serves none. */
private fun ApplicationEngine.Configuration.listen(port: Int) {
    val folder = System.getenv("BENCH_TLS")
    if (folder == null) {
        connector {
            host = "127.0.0.1"
            this.port = port
        }
        return
    }
    val password = "towpath".toCharArray()
    val keys = KeyStore.getInstance("PKCS12").apply { FileInputStream("$folder/keys.p12").use { load(it, password) } }
    sslConnector(keys, "towpath", { password }, { password }) {
        host = "127.0.0.1"
        this.port = port
    }
}

/** Its window and memory cannot be chosen: java.util.zip.Deflater has 15 bits and level 8. */
private fun WebSockets.WebSocketOptions.compress(fresh: Boolean) = extensions {
    install(WebSocketDeflateExtension) {
        compressionLevel = 6
        serverNoContextTakeOver = fresh
        clientNoContextTakeOver = fresh
        compressIfBiggerThan(255)
    }
}

private fun copyOf(frame: Frame): Frame = when (frame) {
    is Frame.Text -> Frame.Text(true, frame.data)
    else -> Frame.Binary(true, frame.data)
}
